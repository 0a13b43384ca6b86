import type { Log } from '../../db/domain/ports.ts';
import { postgresMissing } from './postgres.ts';

const ignore = () => {};
export const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, fatal: ignore };

export type Kind = 'embedded' | 'postgres';
export const KINDS: Kind[] = ['embedded', 'postgres'];

export const missing = (kind: Kind) => (kind === 'postgres' ? postgresMissing() : false);

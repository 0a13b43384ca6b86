import { ApiError, type Health } from '../client/index.ts';
import { type Wanted, wanted } from './wanted.ts';

const plain = wanted('GET /api/health');

const isHealth = (body: unknown): body is Health =>
  typeof body === 'object' && body !== null && 'flows' in body && Array.isArray(body.flows);

/** How the server is. While its database is away it answers 503, and tells all the same. */
export const HEALTH: Wanted<Health> = {
  ...plain,
  ask: async (client, signal) => {
    try {
      return await plain.ask(client, signal);
    } catch (error) {
      if (error instanceof ApiError && isHealth(error.body)) return error.body;
      throw error;
    }
  },
};

import type { Calls } from '../../client/index.ts';
import { wanted } from '../../state/index.ts';

export const deviceWanted = (device_id: string) =>
  wanted('GET /api/devices/{device_id}', { params: { device_id } });

/** No path can carry these, which are good ids over MQTT: every URL parser takes them out. */
export const hasAddress = (deviceId: string) => deviceId !== '.' && deviceId !== '..' && deviceId !== '';

/** An enrolment with its token, which is told once. */
export type Made = Calls['POST /api/enrollments']['answer'];

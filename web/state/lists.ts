import { type Wanted, wanted, wantedAll } from './wanted.ts';

/** What several pages ask for: one key and one answer, whoever looks. */
export const ROOMS = wantedAll('GET /api/rooms', 'rooms');
export const DEVICES = wantedAll('GET /api/devices', 'devices');
export const WIDGETS = wantedAll('GET /api/widgets', 'widgets');
export const USERS = wantedAll('GET /api/users', 'users');
export const ENROLMENTS = wantedAll('GET /api/enrollments', 'enrollments');
export const SYSTEM = wanted('GET /api/system');
export const ME = wanted('GET /api/auth/me', {}, 60_000);

/** The same answer, for a view to which it may be so many milliseconds old. */
export const seldom = <T>(of: Wanted<T>, everyMs: number): Wanted<T> => ({ ...of, everyMs });

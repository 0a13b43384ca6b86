export { enrollments, revokedTokens, userRooms, users } from './accounts.ts';
export { commands, events, meta } from './activity.ts';
export { capabilities, devices, formerDevices, widgets } from './devices.ts';
export { purges, readings } from './readings.ts';
export { rooms } from './rooms.ts';

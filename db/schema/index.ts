export { enrollments, revokedTokens, userRooms, users } from './accounts.ts';
export { commands, events, meta } from './activity.ts';
export { capabilities, devices, formerDevices, widgets } from './devices.ts';
export { keptNotices, nodes } from './nodes.ts';
export {
  chunks,
  historyState,
  hourRollups,
  lastValues,
  lateHours,
  minuteRollups,
  purges,
  readings,
} from './readings.ts';
export { rooms } from './rooms.ts';

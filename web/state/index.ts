export { type Clock, systemClock } from './clock.ts';
export { type Core, createCore, type SessionKeeper } from './core.ts';
export { failureOf } from './failure.ts';
export { DEVICES, ENROLMENTS, ME, ROOMS, SYSTEM, seldom, USERS, WIDGETS } from './lists.ts';
export type { CommandValue, Failure, Link, LocalCommand, Session, State } from './model.ts';
export { type Shown, shownOf } from './shown.ts';
export { isOn, switched } from './switch.ts';
export { type Known, knownOf, type Wanted, wanted, wantedAll } from './wanted.ts';

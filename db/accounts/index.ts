export { type AccountsDeps, type AccountsService, type Caller, createAccounts } from './accounts.ts';
export { ensureAdmin } from './ensure-admin.ts';
export { createGuessGuard } from './guess-guard.ts';
export { operatorToken } from './operator.ts';
export { createPasswords } from './passwords.ts';
export { createThrottle } from './throttle.ts';
export { createTokens } from './tokens.ts';

export { type AccountsDeps, type AccountsService, type Caller, createAccounts } from './accounts.ts';
export { ensureAdmin } from './ensure-admin.ts';
export { createGuessGuard } from './guess-guard.ts';
export { createHomeStore, createHomes } from './homes.ts';
export { operatorToken } from './operator.ts';
export { createPasswordGate } from './password-gate.ts';
export { createPasswords } from './passwords.ts';
export { createSecretGuard } from './secret-guard.ts';
export { createTokens } from './tokens.ts';

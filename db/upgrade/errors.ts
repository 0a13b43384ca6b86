/** The database cannot be used by this program; the message says why and what to do. */
export class DatabaseVersionError extends Error {}

/** The database is as the version before left it, which starts on it again; the message says why and what to do. */
export class UpgradeError extends Error {}

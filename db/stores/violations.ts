/** SQLSTATE of a driver's error, also when Drizzle has wrapped it. */
export function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? sqlState(error.cause) : null;
}

export const isUniqueViolation = (error: unknown) => sqlState(error) === '23505';
/** Two transactions waited for each other, and this one was given up. */
export const isDeadlock = (error: unknown) => sqlState(error) === '40P01';
/** Text with U+0000, which PostgreSQL cannot keep. */
export const isUnstorableText = (error: unknown) => /^22(021|P05)$/.test(sqlState(error) ?? '');
/** Such as a partition that has been dropped. */
export const isUndefinedTable = (error: unknown) => sqlState(error) === '42P01';
/** `lock_timeout` has passed. */
export const isLockNotAvailable = (error: unknown) => sqlState(error) === '55P03';
/** Of the data (classes 22 and 23): trying the same again cannot help. */
export const isDataError = (error: unknown) => /^2[23]/.test(sqlState(error) ?? '');
export const isForeignKeyViolation = (error: unknown) => sqlState(error) === '23503';

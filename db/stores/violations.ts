/** SQLSTATE of a driver's error, also when Drizzle has wrapped it. */
function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? sqlState(error.cause) : null;
}

export const isUniqueViolation = (error: unknown) => sqlState(error) === '23505';
/** Text with U+0000, which PostgreSQL cannot keep. */
export const isUnstorableText = (error: unknown) => /^22(021|P05)$/.test(sqlState(error) ?? '');
export const isForeignKeyViolation = (error: unknown) => sqlState(error) === '23503';

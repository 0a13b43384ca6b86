import { and, asc, eq, gt, isNull, lt, or } from 'drizzle-orm';
import type { Database } from '../client.ts';
import { DomainError } from '../domain/errors.ts';
import { createSecret, hashSecret } from '../domain/secrets.ts';
import { enrollments } from '../schema/index.ts';
import { isForeignKeyViolation } from './violations.ts';

export type Enrollment = Omit<typeof enrollments.$inferSelect, 'tokenHash'>;

export interface NewEnrollment {
  /** null: no limit until it expires. */
  maxUses: number | null;
  expiresAt: Date;
  roomId: number | null;
  createdBy: string;
}

const shown = ({ tokenHash: _, ...enrollment }: typeof enrollments.$inferSelect): Enrollment => enrollment;

/** `now`: milliseconds, as well as they are known. */
export function createEnrollmentStore(db: Database, now = Date.now) {
  return {
    /** The token is given in clear, once. INVALID when there is no such room. */
    async create(values: NewEnrollment): Promise<{ enrollment: Enrollment; token: string }> {
      const token = createSecret();
      try {
        const [row] = await db
          .insert(enrollments)
          .values({ ...values, tokenHash: hashSecret(token) })
          .returning();
        if (row === undefined) throw new Error('the enrolment row was not inserted');
        return { enrollment: shown(row), token };
      } catch (error) {
        if (isForeignKeyViolation(error))
          throw new DomainError('INVALID', 'room_id: no such room', { cause: error });
        throw error;
      }
    },
    /** By ascending id, those after `afterId`. */
    async list(afterId: number, limit: number): Promise<Enrollment[]> {
      const rows = await db
        .select()
        .from(enrollments)
        .where(gt(enrollments.id, afterId))
        .orderBy(asc(enrollments.id))
        .limit(limit);
      return rows.map(shown);
    },
    /** Devices that came with it stay. NOT_FOUND */
    async remove(id: number): Promise<void> {
      const rows = await db
        .delete(enrollments)
        .where(eq(enrollments.id, id))
        .returning({ id: enrollments.id });
      if (rows.length === 0) throw new DomainError('NOT_FOUND', 'no such enrolment');
    },
    /** The enrolment of a token that has not expired and has a use left; `usedBefore`: the one that let this device in once. */
    async findByToken(token: string, usedBefore: number | null): Promise<{ id: number } | null> {
      const again = usedBefore === null ? undefined : eq(enrollments.id, usedBefore);
      const [row] = await db
        .select({ id: enrollments.id })
        .from(enrollments)
        .where(
          and(
            eq(enrollments.tokenHash, hashSecret(token)),
            gt(enrollments.expiresAt, new Date(now())),
            or(isNull(enrollments.maxUses), lt(enrollments.uses, enrollments.maxUses), again),
          ),
        );
      return row ?? null;
    },
  };
}

export type EnrollmentStore = ReturnType<typeof createEnrollmentStore>;

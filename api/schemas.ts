import { z } from '@hono/zod-openapi';
import { MAX_PASSWORD, MIN_PASSWORD } from '../db/accounts/password-rules.ts';
import { isLongerThan, isStorableText } from '../db/domain/text.ts';
import { isTopicFilter } from '../db/domain/topic-filter.ts';
import { COMMAND_STATUSES, CONTROL_TYPES, ROLES, WIDGET_STATUSES } from '../db/domain/types.ts';

/** Largest value of the database's `integer`. */
const MAX_ID = 2_147_483_647;

export const time = z.iso.datetime().openapi({ example: '2026-01-15T10:30:00.000Z' });

/** A number as people write it: no sign, point, exponent, other base or space. null: another text. */
export const decimalOf = (text: string) => (/^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : null);
const range = (min: number, max: number) => `a whole number from ${min} to ${max}`;
const integer = (minimum: number, maximum: number) => ({ type: 'integer' as const, minimum, maximum });
/** In JSON. */
export const whole = (min: number, max: number) =>
  z
    .custom<number>((given) => Number.isInteger(given) && Number(given) >= min && Number(given) <= max, {
      error: range(min, max),
    })
    .openapi(integer(min, max));
/** In a path or query. */
export const decimal = (min: number, max: number) =>
  z
    .string()
    .refine(
      (text) => {
        const number = decimalOf(text);
        return number !== null && number >= min && number <= max;
      },
      { error: range(min, max) },
    )
    .transform(Number)
    .openapi(integer(min, max));
/** In a query, where it may be missing. The document needs the default once more: a described type hides it. */
export const decimalOr = (fallback: number, min: number, max: number) =>
  decimal(min, max).default(fallback).openapi({ default: fallback });

export const id = whole(1, MAX_ID);
/** The document needs the null once more: a described type hides it. */
export const idOrNull = id.nullable().openapi({ type: ['integer', 'null'] });
export const idInQuery = decimal(1, MAX_ID);
export const idParam = z.object({ id: decimal(1, MAX_ID) }).strict();
export const deviceParam = z.object({ device_id: z.string().min(1).max(64) }).strict();
export const value = z.union([z.string(), z.number(), z.boolean()]);
export const status = z.enum(WIDGET_STATUSES);
/** Text that can be kept, of at most so many characters. */
export const text = (max: number) =>
  z
    .string()
    .refine((given) => !isLongerThan(given, max), `at most ${max} characters`)
    .refine(isStorableText, 'not valid text')
    .openapi({ maxLength: max });
/** What people call things by. */
export const label = text(100)
  .transform((given) => given.trim())
  .refine((given) => given !== '', 'must not be empty')
  .openapi({ type: 'string', minLength: 1, maxLength: 100 });
/** What else a password must be is told by db/accounts/password-rules.ts. */
export const password = z.string().min(MIN_PASSWORD).max(MAX_PASSWORD);
export const username = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\s\p{Cc}\p{Cs}]*$/u, 'no spaces or control characters');
/** Topics of devices and of the broker: an integration's list opens none of them. */
const isReserved = (filter: string) => filter.startsWith('$') || /^devices?(?=\/|$)/.test(filter);
const filter = z
  .string()
  .max(256)
  .refine(isTopicFilter, 'no topic filter of MQTT')
  .refine(
    (text) => !isReserved(text),
    'no list opens the topics of devices or those with $: it is for other topics',
  );
export const acl = z
  .object({ publish: z.array(filter).max(100), subscribe: z.array(filter).max(100) })
  .strict();

export const ErrorBody = z
  .object({
    error: z.string(),
    code: z.string().openapi({ example: 'INVALID' }),
    details: z.array(z.unknown()),
  })
  .openapi('Error');

export const User = z
  .object({
    id,
    username: z.string(),
    name: z.string().nullable(),
    role: z.enum(ROLES),
    room_ids: z.array(id),
    acl,
    must_change_password: z
      .boolean()
      .openapi({ description: 'others may have seen the password: have the person choose another' }),
    created_at: time,
  })
  .openapi('User');

export const Room = z.object({ id, name: z.string(), devices_count: z.number().int() }).openapi('Room');

export const Widget = z
  .object({
    widget_id: id,
    name: z.string(),
    order: z.number().int(),
    status,
    value: value.nullable().openapi({ description: 'what the device last reported' }),
    value_at: time.nullable(),
    pending: z
      .object({ value, command_id: z.number().int(), since: time })
      .nullable()
      .openapi({ description: 'what was asked for and is not yet confirmed' }),
    unit: z.string().nullable(),
    min: z.number().nullable(),
    max: z.number().nullable(),
    options: z.array(z.string()).nullable(),
    device: z.object({
      device_id: z.string(),
      device_name: z.string(),
      status: z.enum(['online', 'offline']),
    }),
    capability: z.object({ capability_type: z.string(), control_type: z.enum(CONTROL_TYPES) }),
    room_id: idOrNull,
  })
  .openapi('Widget');

export const Device = z
  .object({
    device_id: z.string(),
    device_name: z.string(),
    device_type: z.string(),
    version: z.string().nullable(),
    manufacturer: z.string().nullable(),
    room_id: idOrNull,
    status: z.enum(['online', 'offline']),
    connected: z.boolean(),
    revoked: z.boolean(),
    last_heartbeat: time.nullable().openapi({ description: 'in steps of 10 s, the first at created_at' }),
    created_at: time,
    widgets: z.array(Widget).optional(),
    last_error: z
      .object({ topic: z.string(), code: z.string(), message: z.string(), timestamp: time })
      .nullable()
      .optional(),
    reenroll_until: time
      .nullable()
      .optional()
      .openapi({ description: 'until then it may enrol once more; may lie in the past' }),
  })
  .openapi('Device');

export const Command = z
  .object({
    id: z.number().int(),
    correlation_id: z.string(),
    widget_id: id,
    value,
    status: z.enum(COMMAND_STATUSES),
    created_at: time,
    sent_at: time.nullable(),
    finished_at: time.nullable(),
    result_value: value.nullable().openapi({ description: 'what the device answered' }),
    error: z.string().nullable(),
    requested_by: z.string(),
  })
  .openapi('Command');

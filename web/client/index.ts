export type { Answer, Arguments, Call, CallOptions, GetCall, Input, PagedCall } from './calls.ts';
export { type Client, type ClientOptions, createClient, type Polled } from './client.ts';
export { ApiError, UnreachableError } from './errors.ts';
export type {
  Calls,
  Command,
  CsvCall,
  Device,
  Enrolment,
  ErrorBody,
  Event,
  Health,
  HistoryStatus,
  Room,
  System,
  User,
  Widget,
} from './types.ts';

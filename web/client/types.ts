// Generated from the OpenAPI document of the server by `npm run client-types`: do not edit.

export interface User {
  id: number;
  username: string;
  name: string | null;
  role: 'ADMIN' | 'USER' | 'INTEGRATION';
  room_ids: number[];
  acl: {
    publish: string[];
    subscribe: string[];
  };
  /** others may have seen the password: have the person choose another */
  must_change_password: boolean;
  created_at: string;
}

export interface ErrorBody {
  error: string;
  code: string;
  details: unknown[];
}

export interface Room {
  id: number;
  name: string;
  devices_count: number;
}

export interface Widget {
  widget_id: number;
  name: string;
  order: number;
  status: 'include' | 'exclude';
  /** what the device last reported */
  value: string | number | boolean | null;
  value_at: string | null;
  /** what was asked for and is not yet confirmed */
  pending: {
    value: string | number | boolean;
    command_id: number;
    since: string;
  } | null;
  unit: string | null;
  min: number | null;
  max: number | null;
  options: string[] | null;
  device: {
    device_id: string;
    device_name: string;
    status: 'online' | 'offline';
  };
  capability: {
    capability_type: string;
    control_type: 'toggle' | 'slider' | 'mode' | 'text' | 'button' | 'sensor' | 'heartbeat';
  };
  room_id: number | null;
}

export interface Command {
  id: number;
  correlation_id: string;
  widget_id: number;
  value: string | number | boolean;
  status: 'queued' | 'sent' | 'executed' | 'rejected' | 'timed_out' | 'expired';
  created_at: string;
  sent_at: string | null;
  finished_at: string | null;
  /** what the device answered */
  result_value: string | number | boolean | null;
  error: string | null;
  requested_by: string;
}

export interface HistoryStatus {
  /** raw readings of before have been dropped */
  raw_from: string | null;
  /** summaries of minutes of before have been dropped */
  minutes_from: string | null;
  summed_up_before: string;
  /** hours of widgets to be summed up anew */
  late_hours: number;
  packed_days: number;
  plain_days: number;
  bytes: {
    readings: number;
    chunks: number;
    minute_rollups: number;
    hour_rollups: number;
  };
}

export interface Device {
  device_id: string;
  device_name: string;
  device_type: string;
  version: string | null;
  manufacturer: string | null;
  room_id: number | null;
  status: 'online' | 'offline';
  connected: boolean;
  revoked: boolean;
  /** in steps of 10 s, the first at created_at */
  last_heartbeat: string | null;
  created_at: string;
  widgets?: Widget[];
  last_error?: {
    topic: string;
    code: string;
    message: string;
    timestamp: string;
  } | null;
  /** until then it may enrol once more; may lie in the past */
  reenroll_until?: string | null;
}

export interface Event {
  id: number;
  at: string;
  kind:
    | 'login'
    | 'mqtt_login'
    | 'login_failed'
    | 'login_locked'
    | 'logout'
    | 'password_changed'
    | 'user_created'
    | 'user_updated'
    | 'user_deleted'
    | 'room_created'
    | 'room_renamed'
    | 'room_deleted'
    | 'widgets_ordered'
    | 'widget_updated'
    | 'enrollment_created'
    | 'enrollment_deleted'
    | 'device_registered'
    | 'device_renamed'
    | 'device_deleted'
    | 'device_paired'
    | 'device_unpaired'
    | 'device_secret_renewed'
    | 'device_revoked'
    | 'device_reenroll_allowed'
    | 'device_reenroll_withdrawn'
    | 'pair_rejected'
    | 'command_requested'
    | 'command_finished'
    | 'denied'
    | 'limit_reached'
    | 'certificate_renewed'
    | 'certificate_ends'
    | 'history_dropped'
    | 'history_waits'
    | 'disk_low'
    | 'backup_failed'
    | 'readings_imported';
  actor: string;
  device_id: string | null;
  room_id: number | null;
  detail: Record<string, string | number | boolean | null>;
}

export interface Enrolment {
  id: number;
  /** null: no limit */
  max_uses: number | null;
  uses: number;
  expires_at: string;
  room_id: number | null;
  created_by: string;
  created_at: string;
}

export interface Health {
  /** of the node that answers */
  status: 'ok' | 'draining' | 'down';
  /** in a cluster; away: readings are stored all the same */
  redis?: 'ok' | 'away';
  /** this one first; those that have died within the hour are down */
  nodes: {
    name: string;
    /** down: not heard of for some seconds; unknown: the database, through which nodes hear of each other, is away */
    status: 'ok' | 'draining' | 'down' | 'unknown';
  }[];
  flows: {
    name:
      | 'authentication'
      | 'device_registration'
      | 'sensor_data'
      | 'commands'
      | 'widget_updates'
      | 'widget_visibility'
      | 'heartbeat'
      | 'device_status'
      | 'room_management'
      | 'api_requests'
      | 'mqtt_messages'
      | 'database_sync';
    /** down: it fails now; degraded: some of it failed lately; unknown: its probe has not ended */
    status: 'ok' | 'degraded' | 'down' | 'unknown';
    /** mean, or that of the probe */
    latency_ms: number | null;
    last_check: string | null;
    error_rate: number | null;
    last_success: string | null;
    /** traffic: the last five minutes; probe: nothing happened in them, so it was tried out */
    measured_by: 'traffic' | 'probe';
    /** why it is degraded or down: docs/operations.md */
    reason:
      | 'database_unavailable'
      | 'database_read_only'
      | 'disk_full'
      | 'clock_wrong'
      | 'draining'
      | 'listener_unreachable'
      | 'unexpected_answer'
      | 'stalled'
      | 'timed_out'
      | 'no_answer'
      | 'failed'
      | null;
  }[];
}

export interface System {
  version: string;
  time: string;
  enrollment: 'open' | 'token' | 'closed';
  database: {
    kind: 'embedded' | 'server';
    /** null: the database is away, or too busy to tell */
    bytes: number | null;
  };
  nodes: {
    /** new at each start */
    id: string;
    /** NODE_NAME, or that of the machine */
    name: string;
    /** down: not heard of for some seconds; unknown: the database, through which nodes hear of each other, is away */
    status: 'ok' | 'draining' | 'down' | 'unknown';
    version: string;
    node_version: string;
    started_at: string;
    /** its last sign of life */
    heard_at: string;
    /** does what one node at a time does: summaries, packing, retention */
    leader: boolean;
    /** null: it is alone */
    redis: 'ok' | 'away' | null;
    memory_bytes: number;
    /** 99th percentile of the last minute or two */
    event_loop_lag_ms: number;
    /** of MQTT */
    connections: number;
    devices_connected: number;
    devices_total: number;
  }[];
  disks: {
    name: 'data' | 'database';
    /** null: the disk cannot be measured from here */
    free_bytes: number | null;
    total_bytes: number | null;
    /** by MIN_FREE_DISK; unknown: it cannot be measured, or nothing guards it */
    state: 'ok' | 'low' | 'critical' | 'unknown';
  }[];
  certificates: {
    /** ca-next: takes the place of the CA, while it is being changed */
    name: 'ca' | 'ca-next' | 'server';
    subject: string;
    sha256: string;
    expires_at: string;
    /** negative once it has ended */
    days_left: number;
  }[];
  /** of the node that answers */
  backup: {
    /** null: none is made by itself */
    every_ms: number | null;
    keep: number;
    /** of the newest one; null: there is none */
    last_at: string | null;
    bytes: number | null;
    /** the last try: the log says why */
    failed: boolean;
  };
  /** MDNS_NAME with `.local`, and with a number where another box has the name */
  mdns_name: string | null;
  /** bound ports; a listener that is off is missing */
  listeners: {
    http?: number;
    https?: number;
    mqtt?: number;
    mqtts?: number;
  };
}

/** By method and path. */
export interface Calls {
  /** 200: a token, and who it stands for */
  'POST /api/auth/login': {
    body: {
      username: string;
      password: string;
    };
    answer: {
      token: string;
      expires_at: string;
      user: User;
    };
  };
  /** 201: a new user, who sees no room yet */
  'POST /api/auth/register': {
    body: {
      username: string;
      password: string;
      name?: string | undefined;
    };
    answer: {
      user: User;
    };
  };
  /** 204: the token has ended, and MQTT sessions with it */
  'POST /api/auth/logout': {
    answer: null;
  };
  /** 200: the caller */
  'GET /api/auth/me': {
    answer: {
      user: User;
    };
  };
  /** 204: changed; the other tokens of the caller have ended */
  'PUT /api/auth/password': {
    body: {
      current_password: string;
      new_password: string;
    };
    answer: null;
  };
  /** 200: all users */
  'GET /api/users': {
    query?: {
      limit?: number | undefined;
      /** `next_cursor` of the page before */
      cursor?: string | undefined;
    };
    answer: {
      users: User[];
      /** null at the end */
      next_cursor: string | null;
    };
  };
  /** 201: the new user */
  'POST /api/users': {
    body: {
      username: string;
      password: string;
      role: 'ADMIN' | 'USER' | 'INTEGRATION';
      name?: string | null | undefined;
      room_ids?: readonly number[] | undefined;
      acl?:
        | {
            publish: readonly string[];
            subscribe: readonly string[];
          }
        | undefined;
      /** false unless told */
      must_change_password?: boolean | undefined;
    };
    answer: {
      user: User;
    };
  };
  /** 200: the user; live MQTT sessions have ended */
  'PUT /api/users/{id}': {
    params: {
      id: number;
    };
    body: {
      name?: string | null | undefined;
      password?: string | undefined;
      role?: 'ADMIN' | 'USER' | 'INTEGRATION' | undefined;
      room_ids?: readonly number[] | undefined;
      acl?:
        | {
            publish: readonly string[];
            subscribe: readonly string[];
          }
        | undefined;
      /** with a password, false unless told */
      must_change_password?: boolean | undefined;
    };
    answer: {
      user: User;
    };
  };
  /** 204: removed */
  'DELETE /api/users/{id}': {
    params: {
      id: number;
    };
    answer: null;
  };
  /** 200: the rooms that the caller may see */
  'GET /api/rooms': {
    query?: {
      limit?: number | undefined;
      /** `next_cursor` of the page before */
      cursor?: string | undefined;
    };
    answer: {
      rooms: Room[];
      /** null at the end */
      next_cursor: string | null;
    };
  };
  /** 201: the new room */
  'POST /api/rooms': {
    body: {
      name: string;
    };
    answer: Room;
  };
  /** 200: the room */
  'PUT /api/rooms/{id}': {
    params: {
      id: number;
    };
    body: {
      name: string;
    };
    answer: Room;
  };
  /** 204: removed; its devices are unpaired and keep their history */
  'DELETE /api/rooms/{id}': {
    params: {
      id: number;
    };
    answer: null;
  };
  /** 200: included widgets by order; every one with status=all */
  'GET /api/rooms/{id}/widgets': {
    params: {
      id: number;
    };
    query?: {
      status?: 'all' | undefined;
    };
    answer: {
      widgets: Widget[];
    };
  };
  /** 200: the widgets of the room */
  'POST /api/rooms/{id}/widgets/order': {
    params: {
      id: number;
    };
    body: {
      widget_orders: readonly {
        widget_id: number;
        order: number;
        status: 'include' | 'exclude';
      }[];
    };
    answer: {
      widgets: Widget[];
    };
  };
  /** 200: widgets that the caller may see */
  'GET /api/widgets': {
    query?: {
      limit?: number | undefined;
      /** `next_cursor` of the page before */
      cursor?: string | undefined;
      room_id?: number | undefined;
      status?: 'include' | 'exclude' | undefined;
    };
    answer: {
      widgets: Widget[];
      /** null at the end */
      next_cursor: string | null;
    };
  };
  /** 200: the widget, paired or not */
  'GET /api/widgets/{id}': {
    params: {
      id: number;
    };
    answer: Widget;
  };
  /** 200: the widget */
  'PATCH /api/widgets/{id}': {
    params: {
      id: number;
    };
    body: {
      status?: 'include' | 'exclude' | undefined;
      order?: number | undefined;
      name?: string | undefined;
    };
    answer: Widget;
  };
  /** 200: it has ended: executed, rejected, timed_out or expired; 202: still queued (the device is away) or sent */
  'POST /api/widgets/{id}/command': {
    params: {
      id: number;
    };
    query?: {
      /** milliseconds to wait for the end */
      wait?: number | undefined;
    };
    body: {
      value: string | number | boolean;
    };
    answer: {
      command: Command;
    };
  };
  /** 200: the command */
  'GET /api/commands/{id}': {
    params: {
      id: number;
    };
    answer: {
      command: Command;
    };
  };
  /** 200: intervals of equal length that have readings; the last 24 hours unless told */
  'GET /api/widgets/{id}/history': {
    params: {
      id: number;
    };
    query?: {
      from?: string | undefined;
      to?: string | undefined;
      points?: number | undefined;
    };
    answer: {
      /** the points are made of raw readings, or of summaries of minutes or hours */
      resolution: 'raw' | 'minute' | 'hour';
      /** length of the intervals, seconds */
      interval: number;
      points: {
        at: string;
        min: number | null;
        max: number | null;
        avg: number | null;
        count: number;
        /** seconds by state, of texts and booleans; a state lasts until the next reading */
        states?: Record<string, number>;
        last: string | number | boolean;
      }[];
      stats: {
        min: number | null;
        max: number | null;
        avg: number | null;
        count: number;
        /** seconds by state, of texts and booleans; a state lasts until the next reading */
        states?: Record<string, number>;
      };
    };
  };
  /** 200: how far the keeping of history has come, and the room that it takes */
  'GET /api/history': {
    answer: HistoryStatus;
  };
  /** 202: summaries are made anew from raw readings, where those are complete; all of them unless told */
  'POST /api/history/rebuild': {
    body: {
      from?: string | undefined;
      to?: string | undefined;
    };
    answer: {
      /** hours of widgets that were marked */
      hours: number;
    };
  };
  /** 200: raw readings by time; with `Accept: text/csv` all of them as CSV */
  'GET /api/widgets/{id}/readings': {
    params: {
      id: number;
    };
    query?: {
      limit?: number | undefined;
      /** `next_cursor` of the page before */
      cursor?: string | undefined;
      from?: string | undefined;
      to?: string | undefined;
      order?: 'asc' | 'desc' | undefined;
      /** of the column local_time; that of the server unless told */
      time_zone?: string | undefined;
    };
    answer: {
      readings: {
        at: string;
        seq: number;
        value: string | number | boolean;
      }[];
      /** null at the end */
      next_cursor: string | null;
    };
  };
  /** 200: the raw readings of all its widgets as CSV, widget by widget */
  'GET /api/devices/{device_id}/readings': {
    params: {
      device_id: string;
    };
    query?: {
      from?: string | undefined;
      to?: string | undefined;
      /** of the column local_time; that of the server unless told */
      time_zone?: string | undefined;
    };
    answer: string;
  };
  /** 200: the raw readings of all widgets in it as CSV, widget by widget */
  'GET /api/rooms/{id}/readings': {
    params: {
      id: number;
    };
    query?: {
      from?: string | undefined;
      to?: string | undefined;
      /** of the column local_time; that of the server unless told */
      time_zone?: string | undefined;
    };
    answer: string;
  };
  /** 200: readings of any age, each stored by itself; sent again, they are known */
  'POST /api/import': {
    body: {
      /** makes devices that do not exist */
      create?: boolean | undefined;
      readings: readonly {
        device_id: string;
        capability_type: string;
        control_type?: 'toggle' | 'slider' | 'mode' | 'text' | 'button' | 'sensor' | undefined;
        /** of a capability that the device does not have yet */
        unit?: string | undefined;
        at: string;
        seq?: number | undefined;
        value: string | number | boolean;
      }[];
    };
    answer: {
      stored: number;
      /** stored before, with the same value */
      known: number;
      refused_total: number;
      /** the first 100 of those that were not stored */
      refused: {
        index: number;
        code: string;
        message: string;
      }[];
    };
  };
  /** 200: devices that the caller may see */
  'GET /api/devices': {
    query?: {
      limit?: number | undefined;
      /** `next_cursor` of the page before */
      cursor?: string | undefined;
      room_id?: number | undefined;
      paired?: 'true' | 'false' | undefined;
      status?: 'online' | 'offline' | undefined;
      /** part of the id or the name */
      q?: string | undefined;
    };
    answer: {
      devices: Device[];
      /** null at the end */
      next_cursor: string | null;
    };
  };
  /** 200: with its widgets and last error */
  'GET /api/devices/{device_id}': {
    params: {
      device_id: string;
    };
    answer: Device;
  };
  /** 200: the device */
  'PUT /api/devices/{device_id}': {
    params: {
      device_id: string;
    };
    body: {
      device_name: string;
    };
    answer: Device;
  };
  /** 204: removed with its widgets and readings */
  'DELETE /api/devices/{device_id}': {
    params: {
      device_id: string;
    };
    answer: null;
  };
  /** 200: the device, without a room */
  'POST /api/devices/{device_id}/unpair': {
    params: {
      device_id: string;
    };
    answer: Device;
  };
  /** 200: the device, in the room */
  'POST /api/devices/{device_id}/pair': {
    params: {
      device_id: string;
    };
    body: {
      room_id: number;
      device_key?: string | undefined;
    };
    answer: Device;
  };
  /** 200: the device, which may no longer connect */
  'POST /api/devices/{device_id}/revoke': {
    params: {
      device_id: string;
    };
    answer: Device;
  };
  /** 200: a new secret, told once; the old one has ended */
  'POST /api/devices/{device_id}/secret': {
    params: {
      device_id: string;
    };
    answer: {
      device_id: string;
      device_secret: string;
    };
  };
  /** 200: the device may enrol once more, with any enrolment token; for one that has lost its secret */
  'POST /api/devices/{device_id}/reenroll': {
    params: {
      device_id: string;
    };
    answer: {
      device_id: string;
      until: string;
    };
  };
  /** 204: it may not enrol again */
  'DELETE /api/devices/{device_id}/reenroll': {
    params: {
      device_id: string;
    };
    answer: null;
  };
  /** 200: who did what and when, newest first; both `from` and `to` are included */
  'GET /api/events': {
    query?: {
      limit?: number | undefined;
      /** `next_cursor` of the page before */
      cursor?: string | undefined;
      device_id?: string | undefined;
      room_id?: number | undefined;
      /** the actor, exactly: a user name, a device id */
      user?: string | undefined;
      /** any of these kinds, separated by commas */
      kind?: readonly Event['kind'][] | undefined;
      from?: string | undefined;
      to?: string | undefined;
    };
    answer: {
      events: Event[];
      /** null at the end */
      next_cursor: string | null;
    };
  };
  /** 200: without their tokens */
  'GET /api/enrollments': {
    query?: {
      limit?: number | undefined;
      /** `next_cursor` of the page before */
      cursor?: string | undefined;
    };
    answer: {
      enrollments: Enrolment[];
      /** null at the end */
      next_cursor: string | null;
    };
  };
  /** 201: the token is shown once */
  'POST /api/enrollments': {
    body: {
      /** devices that may enrol with it */
      max_uses?: number | undefined;
      expires_in?: string | undefined;
      room_id?: number | undefined;
    };
    answer: {
      id: number;
      token: string;
      expires_at: string;
      /** all that a device needs, one line of JSON for a QR code: urls, ca_sha256 (ca_next_sha256 too while the CA is being changed), token */
      line: string;
    };
  };
  /** 204: its token opens nothing any more */
  'DELETE /api/enrollments/{id}': {
    params: {
      id: number;
    };
    answer: null;
  };
  /** 200: the process answers; no database is asked: restart it where this fails */
  'GET /api/health/live': {
    answer: {
      status: 'ok';
    };
  };
  /** 200: it takes work */
  'GET /api/health/ready': {
    answer: {
      status: 'ready' | 'not_ready';
      /** empty when it is ready */
      reasons: ('starting' | 'draining' | 'database_unavailable' | 'disk_full')[];
    };
  };
  /** 200: it works */
  'GET /api/health': {
    answer: Health;
  };
  /** 200: Prometheus text, with the token of an admin or METRICS_TOKEN; without one to this machine alone, and not through a proxy */
  'GET /api/metrics': {
    answer: string;
  };
  /** 200: the running program, its machine and what it depends on */
  'GET /api/system': {
    answer: System;
  };
  /** 202: the node that answers takes no more connections in some seconds, sends its clients elsewhere, and ends */
  'POST /api/nodes/self/drain': {
    answer: {
      node: string;
      draining: true;
    };
  };
  /** 200: this document, OpenAPI 3.1 */
  'GET /api/openapi.json': {
    answer: {
      openapi: string;
    };
  };
  /** 200: the CA that devices and apps must trust; two while it is being changed */
  'GET /api/ca.crt': {
    answer: string;
  };
  /** 200: this document as a page without scripts */
  'GET /api/docs': {
    answer: string;
  };
}

/** Calls that answer text instead of JSON, and of which type. */
export const TEXTS = {
  'GET /api/devices/{device_id}/readings': 'text/csv',
  'GET /api/rooms/{id}/readings': 'text/csv',
  'GET /api/metrics': 'text/plain',
  'GET /api/ca.crt': 'application/x-pem-file',
  'GET /api/docs': 'text/html',
} as const;

/** Calls that can answer CSV of any length. */
export type CsvCall =
  | 'GET /api/widgets/{id}/readings'
  | 'GET /api/devices/{device_id}/readings'
  | 'GET /api/rooms/{id}/readings';

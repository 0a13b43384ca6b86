/**
 * Who may do what: the contract, sections 3 and 4, cell by cell. `lamp` is a device in a room that was granted to one
 * user and not to the other; `boiler` is another device, in another room.
 */

export const MQTT_IDENTITIES = [
  'device',
  'other device',
  'enrolling device',
  'user with grant',
  'user without',
  'integration',
  'admin',
] as const;
export type MqttIdentity = (typeof MQTT_IDENTITIES)[number];

/**
 * yes: acknowledged, or granted. no: the connection is closed, or SUBACK 128. own: granted, and narrowed at each delivery
 * to what the person may see. In the order of the identities. `{own}` is the id of whoever asks, `{command}` the
 * correlation id of a command that is addressed to `lamp`.
 */
export type MqttCell = 'yes' | 'no' | 'own';
const row = (cells: string) => cells.trim().split(/\s+/) as MqttCell[];

/** The integration's lists: publish and subscribe `home/#`. */
export const PUBLISH: Record<string, MqttCell[]> = {
  //                                     device other enrolling granted without integration admin
  'devices/register': /*              */ row('yes   yes   yes       no      no      no          no'),
  'devices/lamp/sensor': /*           */ row('yes   no    no        no      no      no          no'),
  'device/lamp/sensor': /*            */ row('yes   no    no        no      no      no          no'),
  'devices/lamp/heartbeat': /*        */ row('yes   no    no        no      no      no          no'),
  'device/lamp/heartbeat': /*         */ row('yes   no    no        no      no      no          no'),
  'devices/lamp/command/response': /* */ row('yes   no    no        no      no      no          no'),
  'device/lamp/response': /*          */ row('yes   no    no        no      no      no          no'),
  'devices/{command}/command/response': row('yes   no    no        no      no      no          no'),
  'devices/~none/command/response': /**/ row('no    no    no        no      no      no          no'),
  'devices/lamp/pair/response': /*    */ row('yes   no    no        no      no      no          no'),
  'devices/{own}/sensor': /*          */ row('yes   yes   no        no      no      no          no'),
  'devices/lamp/register/response': /**/ row('no    no    no        no      no      no          no'),
  'devices/lamp/command/request': /*  */ row('no    no    no        no      no      no          no'),
  'device/lamp/command': /*           */ row('no    no    no        no      no      no          no'),
  'devices/lamp/pair/request': /*     */ row('no    no    no        no      no      no          no'),
  'devices/lamp/errors': /*           */ row('no    no    no        no      no      no          no'),
  'devices/lamp': /*                  */ row('no    no    no        no      no      no          no'),
  'devices/lamp/sensor/more': /*      */ row('no    no    no        no      no      no          no'),
  '$SYS/broker/new/clients': /*       */ row('no    no    no        no      no      no          no'),
  'home/kitchen': /*                  */ row('no    no    no        no      no      yes         yes'),
  'private/safe': /*                  */ row('no    no    no        no      no      no          yes'),
};

export const SUBSCRIBE: Record<string, MqttCell[]> = {
  //                                     device other enrolling granted without integration admin
  'devices/{own}/register/response': /**/ row('yes  yes   yes       no      no      no          yes'),
  'devices/lamp/register/response': /**/ row('yes   no    no        yes     no      no          yes'),
  'devices/lamp/command/request': /*  */ row('yes   no    no        yes     no      no          yes'),
  'device/lamp/command': /*           */ row('yes   no    no        yes     no      no          yes'),
  'devices/lamp/pair/request': /*     */ row('yes   no    no        yes     no      no          yes'),
  'devices/lamp/errors': /*           */ row('yes   no    no        yes     no      no          yes'),
  'devices/lamp/sensor': /*           */ row('yes   no    no        yes     no      no          yes'),
  'devices/lamp/#': /*                */ row('yes   no    no        yes     no      no          yes'),
  'devices/{own}/command/request': /* */ row('yes   yes   no        no      no      no          yes'),
  'devices/{command}/command/response': row('yes   no    no        no      no      no          yes'),
  'devices/~none/command/response': /**/ row('no    no    no        no      no      no          yes'),
  'devices/+/sensor': /*              */ row('no    no    no        own     own     no          yes'),
  'devices/#': /*                     */ row('no    no    no        own     own     no          yes'),
  'devices/register': /*              */ row('no    no    no        no      no      no          yes'),
  '#': /*                             */ row('no    no    no        no      no      no          yes'),
  '+/+/sensor': /*                    */ row('no    no    no        no      no      no          yes'),
  '$SYS/#': /*                        */ row('no    no    no        no      no      no          yes'),
  'home/kitchen': /*                  */ row('no    no    no        no      no      yes         yes'),
  'home/#': /*                        */ row('no    no    no        no      no      yes         yes'),
  'private/#': /*                     */ row('no    no    no        no      no      no          yes'),
};

export const REST_IDENTITIES = [
  'nobody',
  'device secret',
  'user with grant',
  'user without',
  'integration',
  'admin',
] as const;
export type RestIdentity = (typeof REST_IDENTITIES)[number];

export interface Call {
  /** Method and path as openapi.json has them. */
  call: string;
  /** In place of the path's parameters: `lamp`'s own, or `new …`: made for this cell alone. */
  with?: 'lamp' | 'room' | 'widget' | 'command' | 'new room' | 'new user' | 'new device' | 'new enrolment';
  body?: unknown;
  /** The server ends by it: called after all others. */
  ends?: true;
  /** Status for each identity, in their order. */
  status: number[];
}

const call = (name: string, statuses: string, more: Omit<Call, 'call' | 'status'> = {}): Call => ({
  call: name,
  status: statuses.trim().split(/\s+/).map(Number),
  ...more,
});

const order = { widget_orders: [] };
const person = { username: '{unique}', password: 'quite long enough', role: 'USER' };

/** `{unique}` in a body is another text each time, `{room}` the granted room. */
export const REST: Call[] = [
  //                                                nobody secret granted without integration admin
  call('POST /api/auth/login', /*                 */ '401  401    401     401     401         401', {
    body: { username: 'eva', password: 'a wrong password' },
  }),
  call('POST /api/auth/register', /*              */ '401  401    403     403     403         201', {
    body: { username: '{unique}', password: 'quite long enough' },
  }),
  call('GET /api/auth/me', /*                     */ '401  401    200     200     200         200'),
  call('PUT /api/auth/password', /*               */ '401  401    400     400     400         400', {
    body: { current_password: 'a wrong password', new_password: 'quite long enough' },
  }),
  call('POST /api/auth/logout', /*                */ '401  401    204     204     204         204'),
  call('GET /api/users', /*                       */ '401  401    403     403     403         200'),
  call('POST /api/users', /*                      */ '401  401    403     403     403         201', {
    body: person,
  }),
  call('PUT /api/users/{id}', /*                  */ '401  401    403     403     403         200', {
    with: 'new user',
    body: { name: 'Another' },
  }),
  call('DELETE /api/users/{id}', /*               */ '401  401    403     403     403         204', {
    with: 'new user',
  }),
  call('GET /api/rooms', /*                       */ '401  401    200     200     403         200'),
  call('POST /api/rooms', /*                      */ '401  401    403     403     403         201', {
    body: { name: '{unique}' },
  }),
  call('PUT /api/rooms/{id}', /*                  */ '401  401    403     403     403         200', {
    with: 'new room',
    body: { name: '{unique}' },
  }),
  call('DELETE /api/rooms/{id}', /*               */ '401  401    403     403     403         204', {
    with: 'new room',
  }),
  call('GET /api/rooms/{id}/widgets', /*          */ '401  401    200     404     403         200', {
    with: 'room',
  }),
  call('POST /api/rooms/{id}/widgets/order', /*   */ '401  401    200     404     403         200', {
    with: 'room',
    body: order,
  }),
  call('GET /api/devices', /*                     */ '401  401    200     200     403         200'),
  call('GET /api/devices/{device_id}', /*         */ '401  401    200     404     403         200', {
    with: 'lamp',
  }),
  call('PUT /api/devices/{device_id}', /*         */ '401  401    403     403     403         200', {
    with: 'lamp',
    body: { device_name: 'Lamp' },
  }),
  call('DELETE /api/devices/{device_id}', /*      */ '401  401    403     403     403         204', {
    with: 'new device',
  }),
  call('POST /api/devices/{device_id}/pair', /*   */ '401  401    403     403     403         200', {
    with: 'new device',
    body: { room_id: '{room}' },
  }),
  call('POST /api/devices/{device_id}/unpair', /* */ '401  401    403     403     403         200', {
    with: 'new device',
  }),
  call('POST /api/devices/{device_id}/secret', /* */ '401  401    403     403     403         200', {
    with: 'new device',
  }),
  call('POST /api/devices/{device_id}/revoke', /* */ '401  401    403     403     403         200', {
    with: 'new device',
  }),
  call('POST /api/devices/{device_id}/reenroll', /**/ '401 401    403     403     403         200', {
    with: 'new device',
  }),
  call('DELETE /api/devices/{device_id}/reenroll', '  401  401    403     403     403         204', {
    with: 'new device',
  }),
  call('GET /api/widgets', /*                     */ '401  401    200     200     403         200'),
  call('GET /api/widgets/{id}', /*                */ '401  401    200     404     403         200', {
    with: 'widget',
  }),
  call('PATCH /api/widgets/{id}', /*              */ '401  401    403     403     403         200', {
    with: 'widget',
    body: { status: 'include' },
  }),
  call('POST /api/widgets/{id}/command', /*       */ '401  401    202     404     403         202', {
    with: 'widget',
    body: { value: 'ON' },
  }),
  call('GET /api/commands/{id}', /*               */ '401  401    200     404     403         200', {
    with: 'command',
  }),
  call('GET /api/widgets/{id}/history', /*        */ '401  401    200     404     403         200', {
    with: 'widget',
  }),
  call('GET /api/widgets/{id}/readings', /*       */ '401  401    200     404     403         200', {
    with: 'widget',
  }),
  call('GET /api/devices/{device_id}/readings', /**/ '401  401    200     404     403         200', {
    with: 'lamp',
  }),
  call('GET /api/rooms/{id}/readings', /*         */ '401  401    200     404     403         200', {
    with: 'room',
  }),
  call('POST /api/import', /*                     */ '401  401    403     403     403         200', {
    body: { readings: [{ device_id: 'lamp', capability_type: 'old', at: '2020-01-01T00:00:00Z', value: 1 }] },
  }),
  call('GET /api/history', /*                     */ '401  401    403     403     403         200'),
  call('POST /api/history/rebuild', /*            */ '401  401    403     403     403         202', {
    body: {},
  }),
  call('GET /api/events', /*                      */ '401  401    403     403     403         200'),
  call('POST /api/enrollments', /*                */ '401  401    403     403     403         201', {
    body: {},
  }),
  call('GET /api/enrollments', /*                 */ '401  401    403     403     403         200'),
  call('DELETE /api/enrollments/{id}', /*         */ '401  401    403     403     403         204', {
    with: 'new enrolment',
  }),
  call('GET /api/system', /*                      */ '401  401    403     403     403         200'),
  call('GET /api/health', /*                      */ '200  200    200     200     200         200'),
  call('GET /api/health/live', /*                 */ '200  200    200     200     200         200'),
  call('GET /api/health/ready', /*                */ '200  200    200     200     200         200'),
  // To this machine without a token.
  call('GET /api/metrics', /*                     */ '200  401    403     403     403         200'),
  call('GET /api/openapi.json', /*                */ '200  200    200     200     200         200'),
  call('GET /api/docs', /*                        */ '200  200    200     200     200         200'),
  call('GET /api/ca.crt', /*                      */ '200  200    200     200     200         200'),
  call('POST /api/nodes/self/drain', /*           */ '401  401    403     403     403         202', {
    ends: true,
  }),
];

export const MODES = ['open', 'token', 'closed'] as const;
/** CONNACK codes of a device by `DEVICE_ENROLLMENT`: open, token, closed. */
export const ENROLMENT: Record<string, number[]> = {
  'a new device without a password': [0, 4, 4],
  'a new device with a token': [0, 0, 4],
  'a new device with a wrong token': [4, 4, 4],
  'a device that has used its secret, with it': [0, 0, 0],
  'a device that has used its secret, without a password': [4, 4, 4],
  'a device that has used its secret, with a token': [5, 5, 4],
  'a device that has used its secret, with a wrong one': [4, 4, 4],
  'a revoked device with its secret': [5, 5, 5],
};

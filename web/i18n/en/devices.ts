import { enrol } from './enrolment.ts';
import { pair } from './pairing.ts';

export const devices = {
  title: 'Devices',
  add: 'Add a device',
  searchHint: 'Name, id or type',
  filterRoom: 'Room',
  filterStatus: 'State',
  allRooms: 'All rooms',
  unpairedOnly: 'Not paired',
  allStates: 'All',
  online: 'Online',
  offline: 'Offline',
  silent: 'Connected, but silent',
  revoked: 'Locked out',
  neverHeard: 'Never heard',
  lastHeard: (ago: string) => `Last heard ${ago}`,
  count: (shown: string, all: string) => {
    const devices = all === '1' ? '1 device' : `${all} devices`;
    return shown === all ? devices : `${shown} of ${devices}`;
  },
  onlineCount: (count: string) => `${count} online`,
  clear: 'Clear the filter',
  newMark: 'New',
  unpaired: 'Not paired yet',
  unpairedHint: 'They have registered with this server and wait for a room.',
  inRooms: 'In rooms',
  arrived: (name: string) => `${name} has registered.`,
  pair: 'Pair',
  pairName: (name: string) => `Pair ${name}`,
  more: (count: string) => `Show ${count} more`,
  noneFound: 'No device fits',
  noneFoundHint: 'Change the search or clear the filter.',
  noneUser: 'No devices yet',
  noneUserHint: 'You see the devices of the rooms that have been shared with you.',
  gone: 'There is no such device',
  goneHint: 'It was removed, or it is in a room that has not been shared with you.',
  facts: 'About this device',
  id: 'Id',
  type: 'Type',
  version: 'Version',
  manufacturer: 'Manufacturer',
  created: 'First registered',
  heard: 'Last heard',
  connection: 'Connection',
  connected: 'Connected',
  notConnected: 'Not connected',
  unknown: 'Not told',
  widgets: 'What it measures and does',
  widgetsNone: 'It has told of nothing yet. What it registers or reports appears here by itself.',
  shown: 'Shown',
  hidden: 'Hidden',
  showSwitch: (name: string) => `Show ${name} as a card in the room`,
  renameWidget: (name: string) => `Rename ${name}`,
  renameTitle: 'Rename',
  nothingShown: 'None of its cards is shown in the room.',
  chooseCards: 'Choose cards',
  notInRoom: 'It is in no room, so that nobody but administrators sees it.',
  manage: 'Manage',
  error: {
    title: 'Last refused message',
    none: 'No message of this device has been refused.',
    topic: 'Topic',
    code: 'Code',
    says: 'The server says',
    when: 'When',
    right: 'A payload that is taken on this topic:',
    docs: 'More in docs/devices.md, “When something is refused”. The device gets the same words on',
    help: {
      INVALID_PAYLOAD:
        'The payload is not what this topic takes: it is no JSON object in UTF-8, a field is missing or of the wrong type, or control_type is none of the known ones. The words of the server name the field. Mend that field and send the message again.',
      PAYLOAD_TOO_LARGE:
        'The payload has more than 64 KiB. Send fewer readings in one message; from 256 KiB on the connection is closed.',
      INVALID_TIMESTAMP:
        'The timestamp is more than 5 minutes ahead of the server, or older than raw readings are kept. Set the device’s clock by NTP before it reports, and send RFC 3339 in UTC; or leave timestamp out, and the time of arrival counts.',
      CONFLICT:
        'Another value is stored already for the same widget, timestamp and seq. Give each reading a timestamp of its own, or count seq up for readings of the same instant; send a reading again only with the value that it had.',
      FORBIDDEN:
        'This was not the device’s business: the answer to a command or a pairing that it was not asked for, a device_id that is not its client id, or a registration that it may not make. Use the correlation_id of the command as it came, and one’s own id everywhere.',
      LIMIT_REACHED:
        'Too much at once: a message holds at most 500 readings, and a device at most 256 capabilities. Split the batch, and do not make up new capability_type names for each reading.',
      unknown: 'The words of the server tell what is wrong.',
    },
  },
  actions: {
    rename: 'Rename',
    renameDevice: 'Rename this device',
    renameHint: 'The device may tell another name when it registers again.',
    move: 'Move to another room',
    secret: 'New secret',
    secretHint: 'When the secret was seen by others, or you want to set the device up by hand.',
    reenroll: 'Let it enrol again',
    reenrollHint:
      'When the device has lost its secret: for 24 hours any enrolment token opens its id once more.',
    reenrollUntil: (until: string) => `It may enrol once more, until ${until}.`,
    withdraw: 'Withdraw',
    revoke: 'Lock out',
    revokeHint: 'Ends its connection and keeps it out, whatever it comes with. What it has reported stays.',
    letIn: 'Let in again',
    letInHint: 'It is locked out. A new secret lets it in again.',
    unpair: 'Take out of the room',
    unpairHint: 'Its cards leave the room; the history stays.',
    remove: 'Delete',
    removeHint: 'For good, with all that it has ever reported.',
  },
  unpairDialog: {
    title: (name: string) => `Take ${name} out of its room?`,
    cards: 'Its cards disappear from the room.',
    people: 'People with whom the room is shared can no longer see or command it; administrators still can.',
    kept: 'Its history, its cards’ names and its secret are kept. It stays connected and goes on reporting.',
  },
  removeDialog: {
    title: (name: string) => `Delete ${name}?`,
    widgets: (count: string) =>
      count === '1'
        ? 'Its widget is deleted, with its card.'
        : `${count} widgets are deleted, with their cards.`,
    readings: (count: string) =>
      count === '1' ? 'Its one reading is gone for good.' : `${count} readings are gone for good.`,
    readingsUnknown: 'All readings that it has ever sent are gone for good.',
    commands: 'Commands that still wait for it are dropped.',
    enrol: 'Its secret ends. To come back it must enrol anew, and begins with an empty history.',
    sure: 'I understand that this cannot be undone.',
    tick: 'Tick the box first.',
    submit: 'Delete for good',
  },
  revokeDialog: {
    title: (name: string) => `Lock ${name} out?`,
    ends: 'Its connection ends at once, and it cannot log in with its secret, a token or a certificate.',
    kept: 'Its room, its cards and its history stay. “Let in again” makes a new secret for it.',
  },
  secretDialog: {
    title: (name: string) => `New secret for ${name}`,
    ends: 'The old secret ends at once, its certificates as well, and the device is disconnected until it has the new one.',
    submit: 'Make a new secret',
    once: 'This is shown once. Copy it before you close this.',
    secret: 'Secret',
    where: (id: string) =>
      `Put it into the device as its MQTT password. Client id and user name are both “${id}”.`,
  },
  reenrollDialog: {
    title: (name: string) => `Let ${name} enrol again?`,
    what: 'For 24 hours any valid enrolment token opens its id, once. The device registers, gets a new secret, and its old one ends. Room, widgets and history stay.',
    risk: 'Until then whoever has a token could come as this device: withdraw it when it is no longer needed.',
    submit: 'Allow for 24 hours',
  },
  pairing: pair,
  enrol,
};

export const first = {
  title: 'Your first device',
  intro: 'Anything that speaks MQTT 3.1.1 can be a device: an ESP32, a gateway, a script.',
  enrolTitle: 'Let it in',
  enrolText: 'Make an enrolment: a QR code and a token with which one device may come.',
  enrolShell: 'Or on the server, in a terminal:',
  registerTitle: 'It registers',
  registerText:
    'The device connects with the token, says what it can do and gets a secret of its own. The enrolment shows lines for a terminal that do just that.',
  waiting: 'None is waiting yet. This tells by itself when one has come.',
  arrived: (count: string) => (count === '1' ? 'A device is waiting' : `${count} devices are waiting`),
  pairTitle: 'Give it a room',
  pairText: 'Pair it to a room and choose which of its cards are shown.',
  noDevice: 'No device at hand?',
  noDeviceText:
    'The simulator makes some that report and obey. On the server, in the folder of PM IoT; PM_IOT_PASSWORD is the password of the administrator:',
};

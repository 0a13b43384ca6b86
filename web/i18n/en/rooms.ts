export const rooms = {
  title: 'Rooms',
  add: 'New room',
  make: 'Make the room',
  namePlaceholder: 'Kitchen',
  empty: 'No room yet',
  emptyHint: 'A room holds the cards of its devices, and people are given rooms. Make the first one.',
  devices: (count: string, isOne: boolean) => (isOne ? '1 device' : `${count} devices`),
  noDevices: 'No devices',
  renameOne: (name: string) => `Rename ${name}`,
  removeOne: (name: string) => `Delete ${name}`,
  renameTitle: 'Rename the room',
  taken: 'There is a room of this name already. Take another name.',
  removeTitle: (name: string) => `Delete “${name}”?`,
  removeSubmit: 'Delete the room',
  removeDevices: (count: string, isOne: boolean) =>
    isOne
      ? '1 device is unpaired. It stays connected and keeps its history; pair it to another room at any time.'
      : `${count} devices are unpaired. They stay connected and keep their history; pair them to another room at any time.`,
  removeNoDevices: 'No device is in it.',
  removePeople: (names: string) => `These people no longer see it: ${names}.`,
  removeNoPeople: 'Nobody but administrators has seen it.',
  removeFinal: 'This cannot be undone.',
};

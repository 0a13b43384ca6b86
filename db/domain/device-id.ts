const DEVICE_ID = /^[A-Za-z0-9_.:-]{1,64}$/;
const PROTOTYPE_NAMES = new Set(Object.getOwnPropertyNames(Object.prototype));

/** 1 to 64 of `A-Z a-z 0-9 . _ : -`, and no name of Object.prototype. */
export function isDeviceId(text: string): boolean {
  return DEVICE_ID.test(text) && !PROTOTYPE_NAMES.has(text);
}

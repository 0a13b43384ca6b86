/** Characters of the name of a capability, and of a unit. */
export const MAX_TYPE_LENGTH = 100;
export const MAX_UNIT_LENGTH = 32;

import { createRegistry } from '../../db/live-state/registry.ts';

/** A device that nothing is known of yet, with the registry that it stands in. */
export function lonelyDevice() {
  const registry = createRegistry();
  const device = registry.putDevice({
    pk: 1,
    deviceId: 'd',
    name: 'd',
    type: 't',
    version: null,
    manufacturer: null,
    roomId: null,
    createdAt: new Date(),
    revoked: false,
    reenrollUntil: null,
    lastHeartbeat: null,
    lastError: null,
  });
  return { registry, device };
}

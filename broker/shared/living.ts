import type { Bus, Nodes } from '../../db/domain/cluster.ts';

/** Does this other node live? One that is cut from the database is still heard. */
export const isLiving = (nodes: Pick<Nodes, 'others'>, bus: Pick<Bus, 'hears'>, id: string): boolean =>
  nodes.others().has(id) || bus.hears([id]);

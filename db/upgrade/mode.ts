/** Is a backup written before an upgrade? `auto`: of the embedded database always, of a server's if it is not large. */
export const UPGRADE_BACKUP_MODES = ['auto', 'always', 'off'] as const;
export type UpgradeBackupMode = (typeof UPGRADE_BACKUP_MODES)[number];

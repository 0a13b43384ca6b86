import { accessSync, constants, lstatSync, readdirSync, type Stats } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import {
  broken,
  type Check,
  codeOf,
  type Finding,
  messageOf,
  ok,
  quoted,
  skipped,
  warning,
} from '../finding.ts';

/** For the group or for others. */
const OTHERS = 0o077;

const modeText = ({ mode }: Stats) => (mode & 0o777).toString(8).padStart(4, '0');

/** The files of DATA_DIR and of its certificates; of the database the folder alone. */
function entriesOf(folder: string): { path: string; stats: Stats }[] {
  const listed = (of: string) =>
    readdirSync(of).map((name) => ({ path: join(of, name), stats: lstatSync(join(of, name)) }));
  const top = listed(folder);
  const certs = top.find(({ path, stats }) => path === join(folder, 'certs') && stats.isDirectory());
  return [...top, ...(certs === undefined ? [] : listed(certs.path))];
}

/** `GET /api/ca.crt` gives it to anybody. */
const isPublic = (path: string) => path.endsWith('ca.crt');

function checkModes(folder: string, own: Stats): Finding[] {
  const findings: Finding[] = [];
  if ((own.mode & OTHERS) !== 0) {
    findings.push(
      warning(
        'folder_open_to_others',
        `Others may look into ${folder} (mode ${modeText(own)})`,
        `chmod 700 ${quoted(folder)}`,
      ),
    );
  }
  const entries = entriesOf(folder);
  const foreign = entries.filter(({ stats }) => stats.uid !== own.uid).map(({ path }) => path);
  if (foreign.length > 0) {
    findings.push(
      broken(
        'files_of_another_user',
        `${foreign.join(', ')} belong${foreign.length === 1 ? 's' : ''} to another user than ${folder}: something was started as the wrong user, perhaps as root`,
        `sudo chown -R ${own.uid}:${own.gid} ${quoted(folder)}`,
      ),
    );
  }
  for (const { path, stats } of entries) {
    if (!stats.isFile() || (stats.mode & OTHERS) === 0 || isPublic(path)) continue;
    findings.push(
      warning(
        'secret_open_to_others',
        `Others may read ${path} (mode ${modeText(stats)})`,
        `chmod 600 ${quoted(path)}`,
      ),
    );
  }
  return findings;
}

function checkEnvFile(): Finding[] {
  const stats = lstatSync('.env', { throwIfNoEntry: false });
  if (stats === undefined || (stats.mode & OTHERS) === 0) return [];
  return [
    warning(
      'env_file_open_to_others',
      `Others may read .env (mode ${modeText(stats)}), which may hold passwords`,
      'chmod 600 .env',
    ),
  ];
}

/** Whose DATA_DIR is, and who may look into it. */
export const checkFolder: Check = ({ dataDir }) => {
  let own: Stats;
  try {
    own = lstatSync(dataDir);
    if (own.isSymbolicLink()) own = lstatSync(`${dataDir}/`);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return [
        skipped('folder_missing', `There is no DATA_DIR ${dataDir} yet: the first start makes it`),
        ...checkEnvFile(),
      ];
    }
    return [
      broken(
        'folder_unreadable',
        `DATA_DIR ${dataDir} cannot be looked at: ${messageOf(error)}`,
        'run this with sudo, or as the user of the service',
      ),
    ];
  }
  if (!own.isDirectory())
    return [
      broken(
        'folder_is_none',
        `DATA_DIR ${dataDir} is no folder`,
        'name a folder, or move what is there away',
      ),
    ];
  const { uid, username } = userInfo();
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (codeOf(error) === 'EROFS') return []; // told by what looks at the disk
    return [
      broken(
        'folder_not_ours',
        `DATA_DIR ${dataDir} belongs to user ${own.uid}, and ${username} (${uid}) may not write it`,
        `run this and the server as that user (sudo -u '#${own.uid}' …), or give it away: sudo chown -R ${uid} ${quoted(dataDir)}`,
      ),
    ];
  }
  const findings = [...checkModes(dataDir, own), ...checkEnvFile()];
  if (uid === 0 && own.uid !== 0)
    findings.push(
      skipped(
        'run_as_root',
        `This runs as root, the server as user ${own.uid}: what only root may do is not noticed`,
      ),
    );
  const faultless = findings.every(({ level }) => level === 'skipped');
  return faultless ? [ok('folder', `DATA_DIR ${dataDir} is closed to others`), ...findings] : findings;
};

interface Given {
  /** In the folder in which the commands are run. */
  files?: Record<string, string>;
  /** Commands that make more of them. */
  made?: readonly (readonly string[])[];
}

const HOME_ASSISTANT = `
  create table states_meta (metadata_id integer primary key, entity_id text);
  create table states (metadata_id integer, state text, last_updated_ts real);
  insert into states_meta values (1, 'sensor.attic_temperature');
  insert into states values (1, '20.5', 1740830400.25), (1, 'unknown', 1740830460.5), (1, '20.7', 1740830520.75);`;

/** What a page takes for granted that its reader has. */
export const GIVEN: Record<string, Given> = {
  'docs/import.md': {
    files: {
      'history.csv':
        'entity_id,state,last_changed\nsensor.kitchen_temperature,21.5,2025-03-01T12:00:00.000Z\nsensor.kitchen_temperature,unavailable,2025-03-01T13:00:00.000Z\n',
      'Living room.csv':
        'at,local_time,device_id,device_name,widget_id,capability_type,unit,type,seq,value\n2025-03-01T12:00:00.000000Z,2025-03-01 12:00:00,lamp,Lamp,1,power,,text,0,ON\n',
      'telemetry.csv': 'ts;key;value\n1740830400000;temperature;61.5\n',
      'ioBroker.csv': 'ts,val\n1740830400000,19.5\n',
    },
    made: [['sqlite3', 'home-assistant_v2.db', HOME_ASSISTANT]],
  },
};

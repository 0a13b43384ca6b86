import type { Value } from '../../db/domain/types.ts';

export type Random = () => number;

export interface CapabilityDeclaration {
  capability_type: string;
  control_type: string;
  unit?: string;
  min?: number;
  max?: number;
  options?: string[];
}

export interface Report {
  capability_type: string;
  control_type: string;
  value: Value;
  unit?: string;
}

/** What a kind of device is and does. */
export interface Model {
  type: string;
  name: string;
  capabilities: CapabilityDeclaration[];
  /** What it has to say at this time. */
  report(now: Date): Report[];
  /** Does as it is told and gives the value it has now; throws when it cannot. */
  obey(capabilityType: string, value: Value): Value;
}

/** Numbers from 0 to below 1 that a seed determines (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const DAY_MS = 86_400_000;
/** −1 before dawn, 1 in the afternoon. */
const daylight = (now: Date) =>
  Math.sin(((now.getTime() % DAY_MS) / DAY_MS) * 2 * Math.PI - (2 * Math.PI) / 3);
const round = (value: number, digits: number) => Number(value.toFixed(digits));

function refuse(capabilityType: string): never {
  throw new Error(`${capabilityType} cannot be set`);
}

/** A value that wanders around where it is drawn to. */
function wander(random: Random, start: number, step: number) {
  let offset = start;
  return () => {
    offset = offset * 0.995 + (random() - 0.5) * step;
    return offset;
  };
}

function isOn(value: Value): boolean {
  return value === true || value === 1 || (typeof value === 'string' && /^(on|true|1)$/i.test(value));
}

const power: CapabilityDeclaration = { capability_type: 'power', control_type: 'toggle' };

function smartSwitch(random: Random): Model {
  let on = random() < 0.5;
  const drift = wander(random, 0, 4);
  return {
    type: 'smart_switch',
    name: 'Switch',
    capabilities: [power, { capability_type: 'consumption', control_type: 'sensor', unit: 'W' }],
    report: () => [
      { ...power, value: on ? 'ON' : 'OFF' },
      {
        capability_type: 'consumption',
        control_type: 'sensor',
        unit: 'W',
        value: on ? round(60 + drift(), 1) : 0.3,
      },
    ],
    obey: (type, value) => {
      if (type !== 'power') refuse(type);
      on = isOn(value);
      return on ? 'ON' : 'OFF';
    },
  };
}

function smartLight(random: Random): Model {
  const modes = ['warm', 'neutral', 'cold'];
  let on = random() < 0.5;
  let brightness = Math.floor(random() * 101);
  let mode = modes[Math.floor(random() * modes.length)] ?? 'warm';
  const brightnessOf = { capability_type: 'brightness', control_type: 'slider', unit: '%' };
  return {
    type: 'smart_light',
    name: 'Light',
    capabilities: [
      power,
      { ...brightnessOf, min: 0, max: 100 },
      { capability_type: 'colour', control_type: 'mode', options: modes },
    ],
    report: () => [
      { ...power, value: on ? 'ON' : 'OFF' },
      { ...brightnessOf, value: brightness },
      { capability_type: 'colour', control_type: 'mode', value: mode },
    ],
    obey: (type, value) => {
      if (type === 'power') {
        on = isOn(value);
        return on ? 'ON' : 'OFF';
      }
      if (type === 'brightness') {
        brightness = Math.round(Number(value));
        return brightness;
      }
      if (type !== 'colour') refuse(type);
      mode = String(value);
      return mode;
    },
  };
}

function thermometer(random: Random): Model {
  const drift = wander(random, (random() - 0.5) * 4, 0.08);
  const temperature = { capability_type: 'temperature', control_type: 'sensor', unit: '°C' };
  return {
    type: 'temperature_sensor',
    name: 'Thermometer',
    capabilities: [temperature],
    report: (now) => [{ ...temperature, value: round(20.5 + 2 * daylight(now) + drift(), 2) }],
    obey: refuse,
  };
}

function hygrometer(random: Random): Model {
  const drift = wander(random, (random() - 0.5) * 10, 0.3);
  const humidity = { capability_type: 'humidity', control_type: 'sensor', unit: '%' };
  return {
    type: 'humidity_sensor',
    name: 'Hygrometer',
    capabilities: [humidity],
    report: (now) => [
      { ...humidity, value: round(Math.min(95, Math.max(15, 48 - 6 * daylight(now) + drift())), 1) },
    ],
    obey: refuse,
  };
}

function door(random: Random): Model {
  let open = false;
  let battery = 60 + random() * 40;
  const contact = { capability_type: 'contact', control_type: 'sensor' };
  const charge = { capability_type: 'battery', control_type: 'sensor', unit: '%' };
  return {
    type: 'door_sensor',
    name: 'Door',
    capabilities: [contact, charge],
    report: () => {
      // It stays open for some ten reports, and closed for some two hundred.
      if (random() < (open ? 0.1 : 0.005)) open = !open;
      battery = Math.max(1, battery - 0.0002);
      return [
        { ...contact, value: open ? 'open' : 'closed' },
        { ...charge, value: Math.round(battery) },
      ];
    },
    obey: refuse,
  };
}

function motion(random: Random): Model {
  let left = 0;
  const movement = { capability_type: 'motion', control_type: 'sensor' };
  return {
    type: 'motion_sensor',
    name: 'Motion',
    capabilities: [movement],
    report: (now) => {
      const chance = daylight(now) > -0.5 ? 0.03 : 0.003;
      if (left > 0) left--;
      else if (random() < chance) left = 5 + Math.floor(random() * 25);
      return [{ ...movement, value: left > 0 }];
    },
    obey: refuse,
  };
}

/** In turn, so that every kind is there. */
export const MODELS: readonly ((random: Random) => Model)[] = [
  smartSwitch,
  smartLight,
  thermometer,
  hygrometer,
  door,
  motion,
];

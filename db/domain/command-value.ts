import type { LiveWidget } from '../live-state/types.ts';
import { DomainError } from './errors.ts';
import { textFault } from './reading-rules.ts';
import type { Value } from './types.ts';

const invalid = (message: string) => new DomainError('INVALID', message);

/** Refuses (INVALID) what the widget cannot be asked for, in words for the person who asked. */
export function checkCommandValue(widget: LiveWidget, value: Value): void {
  const { controlType, min, max, options } = widget.capability;
  if (typeof value === 'number' && !Number.isFinite(value)) throw invalid('value must be a finite number');
  const fault = typeof value === 'string' ? textFault(value) : null;
  if (fault !== null) throw invalid(`value ${fault}`);
  switch (controlType) {
    case 'sensor':
    case 'heartbeat':
      throw invalid('a sensor takes no commands');
    case 'slider': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) throw invalid('value must be a number');
      if ((min !== null && number < min) || (max !== null && number > max)) {
        throw invalid(`value must be between ${min ?? '-∞'} and ${max ?? '∞'}`);
      }
      return;
    }
    case 'mode':
      if (options !== null && !options.includes(String(value))) {
        throw invalid(`value must be one of ${options.join(', ')}`);
      }
      return;
    case 'text':
      if (typeof value !== 'string') throw invalid('value must be text');
      return;
    case 'toggle':
    case 'button':
      return;
  }
}

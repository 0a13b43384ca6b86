import type { Widget } from '../../client/index.ts';
import { isOn } from '../../state/index.ts';
import { OTHER } from '../../state/state-segments.ts';
import { useFormat, useText } from '../../ui/context.ts';

type Value = string | number | boolean;

/** How a value or a state of a widget is told to people, without its unit. */
export function useValueText(widget: Widget): (value: Value) => string {
  const text = useText();
  const format = useFormat();
  const isSwitch = widget.capability.control_type === 'toggle';
  return (value) => {
    if (isSwitch && /^(on|off|true|false|0|1)$/i.test(String(value))) {
      return isOn(value) ? text.card.on : text.card.off;
    }
    if (typeof value === 'number') return format.number(value, 6);
    if (value === true || value === 'true') return text.common.yes;
    if (value === false || value === 'false') return text.common.no;
    return value === OTHER ? text.widget.other : value;
  };
}

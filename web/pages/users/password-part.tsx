import { makePassword } from '../../state/make-password.ts';
import { useText } from '../../ui/context.ts';
import { Check, Field, PasswordField } from '../../ui/fields.tsx';
import { Icon } from '../../ui/icon.tsx';

export interface NewPassword {
  text: string;
  /** By this app: it is shown, and told once more when it is saved. */
  isMade: boolean;
  mustChange: boolean;
}

export const NO_PASSWORD: NewPassword = { text: '', isMade: false, mustChange: true };
const MIN_LENGTH = 8;

interface PasswordPartProps {
  isNew: boolean;
  /** A program cannot choose one. */
  isPerson: boolean;
  value: NewPassword;
  onChange(value: NewPassword): void;
}

export function PasswordPart({ isNew, isPerson, value, onChange }: PasswordPartProps) {
  const text = useText();
  const isGiven = value.text !== '';
  const shared = {
    label: isNew ? text.users.password : text.users.newPassword,
    value: value.text,
    onInput: (typed: string) => onChange({ ...value, text: typed, isMade: false }),
    autocomplete: 'new-password' as const,
    minLength: MIN_LENGTH,
    required: isNew,
  };
  const hint = isNew ? text.password.rule : text.users.newPasswordHint;
  return (
    <>
      <div class="password-row">
        {value.isMade ? (
          <Field {...shared} hint={text.users.generated} spellcheck={false} />
        ) : (
          <PasswordField {...shared} hint={hint} />
        )}
        <button
          type="button"
          class="button"
          onClick={() =>
            onChange({ ...value, text: makePassword((bytes) => crypto.getRandomValues(bytes)), isMade: true })
          }
        >
          <Icon name="key" size={18} />
          {text.users.generate}
        </button>
      </div>
      {isPerson && (isNew || isGiven) && (
        <Check
          label={text.users.mustChoose}
          checked={value.mustChange}
          onChange={(mustChange) => onChange({ ...value, mustChange })}
        />
      )}
      {!isNew && isGiven && <p class="hint">{text.users.passwordEnds}</p>}
    </>
  );
}

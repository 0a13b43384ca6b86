import { useState } from 'preact/hooks';
import type { Client } from '../../client/index.ts';
import { useAction } from '../../ui/action.ts';
import { useText } from '../../ui/context.ts';
import { FormDialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/fields.tsx';

interface NameDialogProps {
  title: string;
  hint?: string;
  before: string;
  save(client: Client, name: string): Promise<unknown>;
  onClose(): void;
}

export function NameDialog({ title, hint, before, save, onClose }: NameDialogProps) {
  const text = useText();
  const { run, busy, failure } = useAction();
  const [name, setName] = useState(before);
  const submit = async () => {
    const saved = await run(async (client) => {
      await save(client, name);
      return true;
    });
    if (saved === true) onClose();
  };
  return (
    <FormDialog
      title={title}
      submit={text.common.save}
      busy={busy}
      failure={failure}
      onSubmit={() => void submit()}
      onClose={onClose}
    >
      <Field
        label={text.common.name}
        value={name}
        onInput={setName}
        maxLength={100}
        autocomplete="off"
        required
        {...(hint !== undefined && { hint })}
      />
    </FormDialog>
  );
}

import { useState } from 'preact/hooks';
import { useCore, useSurroundings, useText, useUser } from '../ui/context.ts';
import { Notice } from '../ui/feedback.tsx';
import { Choice } from '../ui/fields.tsx';
import { Icon } from '../ui/icon.tsx';
import { languageCodes, languageName } from '../ui/languages.ts';
import { Page } from '../ui/page.tsx';
import { preferences, type Theme } from '../ui/preferences.ts';
import { PasswordForm } from './password.tsx';

export function AccountPage() {
  const text = useText();
  const core = useCore();
  const { setLanguage } = useSurroundings();
  const { username, name, role } = useUser();
  const [changed, setChanged] = useState(0);
  const [theme, setTheme] = useState(preferences.get().theme);
  const [language, choose] = useState(preferences.get().language ?? 'auto');
  return (
    <Page
      title={text.account.title}
      actions={
        <button type="button" class="button" onClick={() => void core.logOut().catch(() => undefined)}>
          <Icon name="logout" size={18} />
          {text.account.logOut}
        </button>
      }
    >
      {role === 'INTEGRATION' && <Notice tone="plain">{text.account.integration}</Notice>}
      <div class="panels">
        <section class="panel">
          <h2>{name ?? username}</h2>
          <p class="muted">
            {text.account.loggedInAs(username)} · {text.account.role[role]}
          </p>
          <Choice
            label={text.account.language}
            value={language}
            options={[
              { value: 'auto', label: text.account.languageAuto },
              ...languageCodes.map((code) => ({ value: code, label: languageName(code) })),
            ]}
            onChange={(code) => {
              choose(code);
              setLanguage(code === 'auto' ? null : code);
            }}
          />
          <Choice
            label={text.account.theme}
            value={theme}
            options={[
              { value: 'auto', label: text.account.themeAuto },
              { value: 'light', label: text.account.themeLight },
              { value: 'dark', label: text.account.themeDark },
            ]}
            onChange={(value) => {
              preferences.set({ theme: value as Theme });
              setTheme(value as Theme);
            }}
          />
        </section>
        <section class="panel">
          <h2>{text.password.title}</h2>
          {changed > 0 && <Notice tone="good">{text.password.changed}</Notice>}
          <PasswordForm key={changed} onChanged={() => setChanged(changed + 1)} />
        </section>
      </div>
    </Page>
  );
}

import { useText } from '../ui/context.ts';
import { Page } from '../ui/page.tsx';

export function NotFoundPage() {
  const text = useText();
  return (
    <Page title={text.common.nothingHere}>
      <a class="button" href="#/">
        {text.common.toHome}
      </a>
    </Page>
  );
}

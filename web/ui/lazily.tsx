import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useText } from './context.ts';
import { Loading, Notice } from './feedback.tsx';

/** A page that is fetched when it is looked at first. */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const text = useText();
    const [attempt, setAttempt] = useState(0);
    const [state, setState] = useState({ attempt: -1, failed: false });
    useEffect(() => {
      if (loaded !== null) return;
      load().then(
        (component) => {
          loaded = component;
          setState({ attempt, failed: false });
        },
        () => setState({ attempt, failed: true }),
      );
    }, [attempt]);
    const Component = loaded;
    if (Component !== null) return <Component {...props} />;
    if (!state.failed || state.attempt !== attempt) return <Loading />;
    const again = { label: text.common.tryAgain, run: () => setAttempt(attempt + 1) };
    return (
      <Notice tone="bad" action={again}>
        {text.common.pageNotLoaded}
      </Notice>
    );
  };
}

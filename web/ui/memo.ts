import { Component, type ComponentType, createElement } from 'preact';

/** A component that is drawn again only when one of its properties is another one. */
export function memo<P extends object>(View: ComponentType<P>): ComponentType<P> {
  return class Memo extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const before = this.props as Record<string, unknown>;
      const names = new Set([...Object.keys(before), ...Object.keys(next)]);
      return [...names].some((name) => !Object.is(before[name], (next as Record<string, unknown>)[name]));
    }
    override render() {
      return createElement(View, this.props as P);
    }
  };
}

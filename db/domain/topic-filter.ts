/** MQTT 3.1.1, 4.7.1: `#` last and alone in its level, `+` alone in its level; not empty, no U+0000. */
export function isTopicFilter(text: string): boolean {
  if (text === '' || text.includes('\u0000')) return false;
  const levels = text.split('/');
  return levels.every(
    (level, i) => level === '+' || (level === '#' ? i === levels.length - 1 : !/[+#]/.test(level)),
  );
}

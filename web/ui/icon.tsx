/** Outlines on a grid of 24, drawn with the colour of the text. */
const PATHS = {
  home: 'M3 11.5 12 4l9 7.5M5.5 10v9.5h13V10M10 19.5v-5h4v5',
  devices:
    'M6 7h12a1.5 1.5 0 0 1 1.5 1.5v7A1.5 1.5 0 0 1 18 17H6a1.5 1.5 0 0 1-1.5-1.5v-7A1.5 1.5 0 0 1 6 7ZM9 3v4m6-4v4M9 17v4m6-4v4M8.5 10.5h3v3h-3z',
  rooms: 'M4 4h7v7H4zM13 4h7v4h-7zM13 10h7v10h-7zM4 13h7v7H4z',
  users:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.4-3.6 3-5.5 6.500-5.500s6.100 1.900 6.500 5.500M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.800c2 .7 3.200 2.500 3.500 5.200',
  events: 'M5 6h14M5 12h14M5 18h9',
  system: 'M3 13h4l2.500-7 4.500 13 2.500-6H21',
  account: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.500 20.500c.6-4 3.500-6 7.500-6s6.900 2 7.500 6',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 12.500 10 17.500 19.500 7',
  close: 'M6 6l12 12M18 6 6 18',
  back: 'M14.500 5.500 8 12l6.500 6.500',
  forward: 'M9.500 5.500 16 12l-6.500 6.500',
  up: 'M6 14.500 12 8.500l6 6',
  down: 'M6 9.500l6 6 6-6',
  alert: 'M12 4 2.800 19.500h18.400L12 4ZM12 10v4.500M12 17.200h.01',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 11v5.500M12 7.700h.01',
  wait: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 7v5.200l3.300 2',
  cut: 'M3 3l18 18M8.500 15.500a5 5 0 0 1 6.500-.4M5.500 12a9.500 9.500 0 0 1 5-2.600M2.500 8.500a14 14 0 0 1 4.300-2.700M11 5a14 14 0 0 1 10.500 3.500M14.500 9.700A9.500 9.500 0 0 1 18.500 12M12 19h.01',
  edit: 'M4 20h4L19.500 8.500l-4-4L4 16v4ZM13 7l4 4',
  grip: 'M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01',
  eye: 'M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  eyeOff:
    'M4 4l16 16M9.900 5.800A9 9 0 0 1 12 5.500c6 0 9.500 6.500 9.500 6.500a17 17 0 0 1-3 3.700M6.300 7.500A16 16 0 0 0 2.500 12S6 18.500 12 18.500a9 9 0 0 0 4.300-1.100M10 10a3 3 0 0 0 4 4',
  copy: 'M9 9h10.500v11.500H9zM15 9V4H4.500v11.500H9',
  download: 'M12 4v11m-4.500-4.500L12 15l4.500-4.500M4.500 19.500h15',
  trash: 'M4.500 7h15M9.500 7V4h5v3M6.500 7l1 13h9l1-13M10 11v5.500m4-5.500v5.500',
  key: 'M14.500 13.500a5 5 0 1 0-4-4L3.500 16.500v4h4v-2.500h2.500v-2.500l4.500-2ZM16 8h.01',
  link: 'M10 14a4.500 4.500 0 0 0 6.400 0l3-3A4.500 4.500 0 0 0 13 4.600l-1 1M14 10a4.500 4.500 0 0 0-6.400 0l-3 3A4.500 4.500 0 0 0 11 19.400l1-1',
  logout: 'M14 4.500H5v15h9M10 12h11m-4-4 4 4-4 4',
  search: 'M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13ZM15.500 15.500 20.500 20.500',
  chart: 'M4 4v16h16M8 15l3.500-4.500 3 2.500L20 6.500',
  zoomOut:
    'M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13ZM15.500 15.500 20.500 20.500M7.500 10.500h6',
  refresh: 'M19.500 8A8 8 0 1 0 20 13.500M20 4v4.500h-4.500',
  qr: 'M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.500v2.500H14zM18 18h2v2h-2zM14 19h1M19 14h1',
} as const;

export type IconName = keyof typeof PATHS;

/** An ornament beside words; where it stands alone its button has a label. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

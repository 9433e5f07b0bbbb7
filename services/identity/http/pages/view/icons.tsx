/** Line drawings, 24 by 24; decoration only, so hidden from screen readers. */
const paths = {
  PASSKEY:
    'M9.5 12.5a4.5 4.5 0 1 1 3.6-1.8M3 21v-1a6.5 6.5 0 0 1 8.5-6.2M17.5 10a3 3 0 0 1 1 5.8V17l1 1-1 1 1 1-2 2-1.5-1.5v-4.7A3 3 0 0 1 17.5 10Z',
  TOTP: 'M8 3h8a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2ZM9.5 11.5l1.8 1.8 3.2-3.3M11 18h2',
  SMS: 'M5 4h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2ZM8 10h.01M12 10h.01M16 10h.01',
  EMAIL:
    'M5 5h14a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2ZM3.5 7.5 12 13l8.5-5.5',
  RECOVERY_CODE: 'M12 3l7 3v5c0 4.5-3 8.2-7 10-4-1.8-7-5.5-7-10V6l7-3ZM9 12l2.2 2.2L15.2 10',
  PASSWORD:
    'M7 11h10a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2ZM8 11V8a4 4 0 0 1 8 0v3M12 15v2',
  session: 'M4 5h16v11H4zM9 20h6M12 16v4',
  key: 'M14.5 10.5a4.5 4.5 0 1 0-4.2 4.5L11.5 16.5H13.5V18.5H15.5V20.5H19V17.5L14 12.4c.3-.6.5-1.2.5-1.9ZM8.5 9h.01',
  app: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 16.5h7M16.5 13v7',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" fill="none" stroke="currentColor">
      <path d={paths[name]} stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

import type { Child } from 'hono/jsx';
import { Heading, Message, NarrowPage } from './layout.js';
import type { Said, View } from './view.js';

/** A page that says one thing, and where to go from there. */
export function NotePage(props: {
  readonly view: View;
  readonly title: string;
  readonly lead?: string | undefined;
  readonly said?: Said | undefined;
  readonly href?: string | undefined;
  readonly word?: string | undefined;
  readonly children?: Child;
}) {
  const { view, title, lead, said, href, word, children } = props;
  return (
    <NarrowPage view={view} title={title}>
      <Heading title={title} lead={lead} />
      <Message said={said} />
      {children}
      {href === undefined ? null : (
        <a class="button second" href={href}>
          {word}
        </a>
      )}
    </NarrowPage>
  );
}

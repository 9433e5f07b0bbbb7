import { currentIdentity, ledgateHono, resourcePath, type Ledgate } from '@ledgate/client';
import { Hono } from 'hono';
import { type Order, type Orders } from './orders.js';

/**
 * What each endpoint takes stands beside it: a permission, and the resource that the path names. A
 * grant on `shops/north` covers all of that shop, one on `shops/north/orders/1` a single order.
 */
export function httpApi(orders: Orders, ledgate: Ledgate): Hono {
  const { requirePermission } = ledgateHono(ledgate, { realm: 'orders' });
  const ofShop = 'shops/{shop}/orders';
  const oneOrder = 'shops/{shop}/orders/{id}';
  const app = new Hono();

  app.get('/healthz', (c) => c.text('ok'));

  app.post('/shops/:shop/orders', requirePermission('orders:place', ofShop), async (c) => {
    const body: unknown = await c.req.json().catch(() => undefined);
    const item = (body as { item?: unknown } | undefined)?.item;
    if (typeof item !== 'string' || item === '') return c.json({ title: 'item is missing' }, 400);
    const by = currentIdentity()?.principalId ?? '';
    return c.json(orders.place(c.req.param('shop'), item, by), 201);
  });

  // Who may list sees only what he may read: the questions of this turn travel as one call.
  app.get('/shops/:shop/orders', requirePermission('orders:list', ofShop), async (c) => {
    const caller = currentIdentity();
    const mayRead = async ({ shop, id }: Order): Promise<boolean> =>
      caller !== undefined && caller.may('orders:read', resourcePath`shops/${shop}/orders/${id}`);
    const all = orders.of(c.req.param('shop'));
    const readable = await Promise.all(all.map(mayRead));
    return c.json(all.filter((_, i) => readable[i]));
  });

  app.get('/shops/:shop/orders/:id', requirePermission('orders:read', oneOrder), (c) => {
    const order = orders.find(c.req.param('shop'), c.req.param('id'));
    return order ? c.json(order) : c.json({ title: 'no such order' }, 404);
  });

  app.delete('/shops/:shop/orders/:id', requirePermission('orders:cancel', oneOrder), (c) => {
    const order = orders.find(c.req.param('shop'), c.req.param('id'));
    if (!order) return c.json({ title: 'no such order' }, 404);
    orders.cancel(order);
    return c.body(null, 204);
  });

  return app;
}

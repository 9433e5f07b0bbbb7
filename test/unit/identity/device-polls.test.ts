import { expect, it } from 'vitest';
import { DevicePolls } from '#services/identity/http/oauth/device-polls.js';

it('a device that asks again within five seconds asks too soon, each by itself', () => {
  const polls = new DevicePolls();
  expect(polls.isTooSoon('a', 0)).toBe(false);
  expect(polls.isTooSoon('b', 100)).toBe(false);
  expect(polls.isTooSoon('a', 4_000)).toBe(true);
  expect(polls.isTooSoon('a', 8_000)).toBe(true);
  expect(polls.isTooSoon('a', 13_000)).toBe(false);
});

it('remembers ten thousand devices, those that asked last', () => {
  const polls = new DevicePolls();
  for (let at = 0; at <= 10_000; at += 1) polls.isTooSoon(`device ${at}`, 0);
  expect(polls.isTooSoon('device 10000', 1)).toBe(true);
  expect(polls.isTooSoon('device 0', 1)).toBe(false);
});

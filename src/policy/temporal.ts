/**
 * The one place that says where Temporal comes from. Node 26 has it built in; when that is the oldest Node
 * supported, this file becomes `export const Temporal = globalThis.Temporal` and the dependency goes.
 */
export { Temporal } from 'temporal-polyfill';

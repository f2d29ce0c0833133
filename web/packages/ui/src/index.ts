// The pieces of every front end: plates, times, forms and messages in the look of govuk-frontend.
export { default as Bars } from './components/Bars.svelte';
export { default as Check } from './components/Check.svelte';
export { default as Choice } from './components/Choice.svelte';
export { default as Dialog } from './components/Dialog.svelte';
export { default as Field } from './components/Field.svelte';
export { default as More } from './components/More.svelte';
export { default as Notice } from './components/Notice.svelte';
export { default as Place } from './components/Place.svelte';
export { default as Plate } from './components/Plate.svelte';
export { default as RejectedRows } from './components/RejectedRows.svelte';
export { default as Tabs } from './components/Tabs.svelte';
export { default as TextArea } from './components/TextArea.svelte';
export { default as When } from './components/When.svelte';
export { theme } from './lib/theme.svelte';
export { ticking } from './lib/clock.svelte';
export { gridReference, OSGRID_ACCURACY_M } from './lib/osgrid';
export { cleanVrm, formatVrm, splitPlates } from './lib/vrm';
export * from './lib/words';

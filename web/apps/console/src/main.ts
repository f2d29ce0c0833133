// Starts the console: theme first, so that nothing flashes, then the application.
import '@bluelamp/ui/styles.scss';
import { mount } from 'svelte';
import App from './App.svelte';
import { theme } from './shell/theme.svelte';

theme.apply();
mount(App, { target: document.getElementById('app')! });

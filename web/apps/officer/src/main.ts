// Starts the officer's app: theme first, so that nothing flashes, then the application and the worker that keeps it for the tunnel.
import '@bluelamp/ui/styles.scss';
import './styles.scss';
import { mount } from 'svelte';
import { theme } from '@bluelamp/ui';
import App from './App.svelte';
import { upgrades } from './shell/upgrade.svelte';

theme.darkByNight();
mount(App, { target: document.getElementById('app')! });
upgrades.watch();

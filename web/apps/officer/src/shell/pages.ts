// Which component shows which page. All come with the shell, so that every page opens without signal; the map's engine loads by itself.
import type { Component } from 'svelte';
import CameraPage from '../camera/CameraPage.svelte';
import CasualtiesPage from '../casualties/CasualtiesPage.svelte';
import CasualtyPage from '../casualties/CasualtyPage.svelte';
import ChatPage from '../chat/ChatPage.svelte';
import IncidentPage from '../incidents/IncidentPage.svelte';
import ListPage from '../incidents/ListPage.svelte';
import OpenPage from '../incidents/OpenPage.svelte';
import DrawPage from '../map/DrawPage.svelte';
import IncidentMapPage from '../map/IncidentMapPage.svelte';
import MapPage from '../map/MapPage.svelte';
import PeoplePage from '../people/PeoplePage.svelte';
import ReportPage from '../report/ReportPage.svelte';
import StatusPage from '../status/StatusPage.svelte';
import VehiclePage from '../vehicle/VehiclePage.svelte';
import MorePage from './MorePage.svelte';
import OutboxPage from './OutboxPage.svelte';
import type { PageName } from './nav.svelte';

const SHOWN: Record<PageName, unknown> = {
  incidents: ListPage, incident: IncidentPage, chat: ChatPage, report: ReportPage, casualties: CasualtiesPage, casualty: CasualtyPage,
  draw: DrawPage, incidentMap: IncidentMapPage, people: PeoplePage, camera: CameraPage, vehicle: VehiclePage, open: OpenPage, map: MapPage,
  status: StatusPage, more: MorePage, outbox: OutboxPage,
};

/** A page takes what its path names. */
export function pageOf(page: PageName): Component<Record<string, string>> {
  return SHOWN[page] as Component<Record<string, string>>;
}

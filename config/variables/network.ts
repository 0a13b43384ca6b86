import * as form from '../forms.ts';
import { optional, variable } from '../variable.ts';

export const network = {
  HTTP_HOST: variable(form.host, {
    fallback: '127.0.0.1',
    about: 'where the app, REST and MQTT over WebSocket (`/mqtt`) are, plain',
  }),
  HTTP_PORT: variable(form.port, { fallback: '3000', about: 'its port' }),
  HTTPS_HOST: variable(form.host, { fallback: '0.0.0.0', about: 'where the same is over TLS' }),
  HTTPS_PORT: variable(form.port, { fallback: '8443', about: 'its port' }),
  MQTT_HOST: variable(form.host, { fallback: '127.0.0.1', about: 'where MQTT is, plain' }),
  MQTT_PORT: variable(form.port, { fallback: '1883', about: 'its port' }),
  MQTTS_HOST: variable(form.host, { fallback: '0.0.0.0', about: 'where MQTT is over TLS' }),
  MQTTS_PORT: variable(form.port, { fallback: '8883', about: 'its port' }),
  ALLOW_PLAINTEXT: variable(form.flag, {
    fallback: 'false',
    about: '`true` lets a plain listener be bound beyond loopback: passwords then cross the network in clear',
  }),
  TLS_MIN_VERSION: variable(form.oneOf('TLSv1.2', 'TLSv1.3'), {
    fallback: 'TLSv1.3',
    about: '`TLSv1.2` is for devices that cannot do better',
  }),
  TLS_CERT: optional(form.path, {
    about:
      'your own certificate (PEM), in place of ours ([certificates](certificates.md#a-certificate-of-your-own))',
  }),
  TLS_KEY: optional(form.path, { about: 'its key (PEM)' }),
  PUBLIC_HOST: optional(form.host, {
    absent: 'addresses of the machine, or names of `TLS_CERT`',
    about:
      'how devices reach this box, in the enrolment line and QR code; also a name in the server certificate',
  }),
  MDNS_NAME: variable(form.mdnsName, {
    fallback: 'off',
    about: 'under which the box announces itself by mDNS: `pm-iot` is `pm-iot.local`',
  }),
  CORS_ORIGINS: optional(form.origins, {
    about: 'origins of web pages elsewhere that may call the API, separated by commas',
  }),
  TRUSTED_PROXIES: optional(form.ranges, {
    about:
      'load balancers that are believed in who their clients are, separated by commas: `10.0.0.0/24`, `fd00::/8` ([below](#behind-a-load-balancer))',
  }),
};

#pragma once
// Wi-Fi, and a clock that is right: returns when both are there. Wi-Fi comes back by itself afterwards.
void network_start(void);

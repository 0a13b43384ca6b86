#pragma once
#include "Arduino.h"
struct Stream : Print {};

package weft.linux;

import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OnVirtualThread.class)
class VirtualEpollDriverTest extends EpollDriverTest {}

package weft.linux;

import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OnVirtualThread.class)
class VirtualUringDriverTest extends UringDriverTest {}

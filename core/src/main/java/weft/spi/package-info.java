/// What a loop's back end must do. Read [weft.spi.Driver], then [weft.spi.StreamChannel] and
/// [weft.spi.StreamListener], the rest as needed, and last [weft.spi.DriverProvider]. Nothing here
/// knows of coroutines; a driver under Weft's standard loop gets every rule of scheduling for
/// nothing.
@NullMarked
package weft.spi;

import org.jspecify.annotations.NullMarked;

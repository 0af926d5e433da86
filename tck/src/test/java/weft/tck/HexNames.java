package weft.tck;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.util.HexFormat;
import java.util.stream.Stream;

/// Makes up names for the tests: `x7f000001.x7f000002.weft.test` has the two addresses that it is
/// made of, in that order. All other names are asked for as usual.
public final class HexNames extends InetAddressResolverProvider {
  private static final String SUFFIX = ".weft.test";

  @Override
  public String name() {
    return "weft.test";
  }

  @Override
  public InetAddressResolver get(Configuration configuration) {
    InetAddressResolver usual = configuration.builtinResolver();
    return new InetAddressResolver() {
      @Override
      public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
          throws UnknownHostException {
        if (!host.endsWith(SUFFIX)) {
          return usual.lookupByName(host, policy);
        }
        var addresses = Stream.<InetAddress>builder();
        for (String part : host.substring(0, host.length() - SUFFIX.length()).split("\\.")) {
          if (!part.startsWith("x")) {
            throw new UnknownHostException(host);
          }
          byte[] address = HexFormat.of().parseHex(part, 1, part.length());
          addresses.add(InetAddress.getByAddress(host, address));
        }
        return addresses.build();
      }

      @Override
      public String lookupByAddress(byte[] address) throws UnknownHostException {
        return usual.lookupByAddress(address);
      }
    };
  }
}

#!/bin/sh
# Makes the certificates and keys that the suites for TLS use: `sh certificates.sh` in this folder. They protect nothing.
set -e
days=36500

pack() { # name
  # One iteration: the suites read them again and again, and there is nothing to protect.
  openssl pkcs12 -export -iter 1 -in "$1.pem" -inkey "$1.key" -name "$1" -passout pass:secret -out "$1.p12"
  rm "$1.pem" "$1.key"
}

certify() { # name, subject, extensions: signed by the authority
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key"
  openssl req -new -key "$1.key" -subj "/CN=$2" -addext "$3" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -days $days -copy_extensions copy -out "$1.leaf"
  cat "$1.leaf" ca.pem > "$1.pem"
  rm "$1.csr" "$1.leaf"
  pack "$1"
}

self_sign() { # name, subject
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -subj "/CN=$2" -days $days \
    -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -out "$1.pem"
}

self_sign ca "Weft test authority"
self_sign stranger "localhost"
pack stranger
certify server "weft.test" "subjectAltName=DNS:localhost,DNS:weft.test,IP:127.0.0.1,IP:::1"
certify other "other.test" "subjectAltName=DNS:other.test"
certify client "client" "extendedKeyUsage=clientAuth"
rm -f ca.key ca.srl

using System;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Threading;

namespace ExchangeOnlineManagement.Native;

/// <summary>
/// Signs with the key of a certificate that stays in .NET, for as long as a session may come to new tokens. The key may
/// lie where nothing can export it.
/// </summary>
internal sealed class CertificateSigner
{
    /// <exception cref="ExoException">The certificate has no RSA key.</exception>
    internal CertificateSigner(X509Certificate2 certificate)
    {
        _key = certificate.GetRSAPrivateKey() ?? throw new ExoException(
            ExoStatus.BadOption,
            $"The certificate '{certificate.Subject}' has no private RSA key here, which signing in needs.",
            "InvalidArgument", "CertificateWithoutKey");
    }

    /// <summary>Begins to serve the requests, on a thread of its own. It ends with the operation.</summary>
    internal void Serve(NativeOperation requests)
    {
        var thread = new Thread(() => Run(requests)) { IsBackground = true, Name = "exo signing" };
        thread.Start();
    }

    private void Run(NativeOperation requests)
    {
        using (_key)
        using (requests)
        {
            try
            {
                while (!requests.HasEnded)
                {
                    if (requests.TryNext(NativeMethods.WaitForever, out NativeEvent? next))
                    {
                        using NativeEvent request = next!;
                        Answer(requests, request);
                    }
                }
            }
            catch (ExoException)
            {
                // The library was shut down: nobody asks any more.
            }
        }
    }

    private void Answer(NativeOperation requests, NativeEvent request)
    {
        using var secrets = new NativeSecrets();
        string reply = "{}";
        try
        {
            using var json = JsonDocument.Parse(request.Json);
            RSASignaturePadding padding = json.RootElement.GetProperty("algorithm").GetString() == "PS256"
                ? RSASignaturePadding.Pss
                : RSASignaturePadding.Pkcs1;
            byte[] data = Encoding.ASCII.GetBytes(request.Text);
            secrets.Add("signature", _key.SignData(data, HashAlgorithmName.SHA256, padding));
        }
        catch (CryptographicException error)
        {
            reply = JsonSerializer.Serialize(new { refused = error.Message });
        }
        requests.Reply(reply, secrets);
    }

    private readonly RSA _key;
}

# The ways to sign in without a person: certificates, managed identities, tokens.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
$where = @{
    ConnectionUri = $env:EXO_LAB_REST_URL; AzureADAuthorizationEndpointUri = $env:EXO_LAB_AUTHORITY
    ShowBanner = $false; InformationAction = 'Ignore'
}
$application = @{ AppId = $env:EXO_LAB_APP_ID; Organization = $env:EXO_LAB_ORGANIZATION }
function New-Password { ConvertTo-SecureString $env:EXO_LAB_PASSWORD -AsPlainText -Force }
function Open-Certificate {
    [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($env:EXO_LAB_CERTIFICATE, $env:EXO_LAB_PASSWORD)
}
function Assert-ByCertificate {
    $connection = Get-ConnectionInformation
    Assert-Equal $connection.CertificateAuthentication $true
    Assert-Equal $connection.AppId $env:EXO_LAB_APP_ID
    Assert-Equal $connection.Organization $env:EXO_LAB_ORGANIZATION
    Assert-True (0 -lt @(Get-AcceptedDomain).Count) 'accepted domains'
    Disconnect-Lab
}

Check '-CertificateFilePath with -CertificatePassword signs in as an application' {
    Connect-ExchangeOnline @where @application -CertificateFilePath $env:EXO_LAB_CERTIFICATE -CertificatePassword (New-Password)
    Assert-ByCertificate
}

Check 'a path is that of the location' {
    Push-Location (Split-Path $env:EXO_LAB_CERTIFICATE)
    try { Connect-ExchangeOnline @where @application -CertificateFilePath "./$(Split-Path -Leaf $env:EXO_LAB_CERTIFICATE)" -CertificatePassword (New-Password) }
    finally { Pop-Location }
    Assert-ByCertificate
}

Check '-Certificate signs with a key that stays in .NET, also for Connect-IPPSSession' {
    $certificate = Open-Certificate
    Connect-ExchangeOnline @where @application -Certificate $certificate
    Assert-ByCertificate
    Connect-IPPSSession @where @application -Certificate $certificate
    Assert-Equal (Get-ConnectionInformation).CertificateAuthentication $true
    Disconnect-Lab
}

Check '-CertificateThumbprint finds the certificate in the store of the user' {
    $certificate = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($env:EXO_LAB_CERTIFICATE, $env:EXO_LAB_PASSWORD, 'PersistKeySet')
    $store = [System.Security.Cryptography.X509Certificates.X509Store]::new('My', 'CurrentUser')
    $store.Open('ReadWrite')
    try {
        $store.Add($certificate)
        Connect-ExchangeOnline @where @application -CertificateThumbprint $certificate.Thumbprint
        Assert-ByCertificate
    }
    finally { $store.Remove($certificate); $store.Dispose() }
}

Check 'what is wrong with a certificate is said' {
    $cases = @(
        @{ Text = "*thumbprint '00ab'*CertificateFilePath*"; With = @{ CertificateThumbprint = '00ab' } }
        @{ Text = '*no private RSA key*'; With = @{ Certificate = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new((Open-Certificate).RawData) } }
        @{ Text = '*password*'; With = @{ CertificateFilePath = $env:EXO_LAB_CERTIFICATE; CertificatePassword = (ConvertTo-SecureString 'wrong' -AsPlainText -Force) } }
        @{ Text = '*missing.pfx*'; With = @{ CertificateFilePath = '/nowhere/missing.pfx' } }
    )
    foreach ($case in $cases) {
        $with = $case.With
        $failure = Get-Failure { Connect-ExchangeOnline @where @application @with }
        Assert-Like $failure.Exception.Message $case.Text
    }
}

Check '-ManagedIdentity signs in as the machine, or as one of its identities' {
    Connect-ExchangeOnline @where -ManagedIdentity -Organization $env:EXO_LAB_ORGANIZATION
    Assert-True (0 -lt @(Get-AcceptedDomain).Count) 'accepted domains'
    Disconnect-Lab
    Connect-ExchangeOnline @where -ManagedIdentity -ManagedIdentityAccountId $env:EXO_LAB_IDENTITY_CLIENT_ID -Organization $env:EXO_LAB_ORGANIZATION
    Assert-Equal (Get-ConnectionInformation).Organization $env:EXO_LAB_ORGANIZATION
    Disconnect-Lab
}

Check '-AccessToken takes a token that is there' {
    $form = @{
        grant_type = 'password'; client_id = 'fb78d390-0c51-40cd-8e17-fdbfab77341b'
        username   = $env:EXO_LAB_USER; password = $env:EXO_LAB_PASSWORD; scope = 'https://outlook.office365.com/.default'
    }
    $token = (Invoke-RestMethod -Method Post "$env:EXO_LAB_AUTHORITY/oauth2/v2.0/token" -Body $form).access_token
    Connect-ExchangeOnline -ConnectionUri $env:EXO_LAB_REST_URL -AccessToken $token -UserPrincipalName $env:EXO_LAB_USER -ShowBanner:$false -InformationAction Ignore
    Assert-True (0 -lt @(Get-AcceptedDomain).Count) 'accepted domains'
    Disconnect-Lab
    $failure = Get-Failure { Connect-ExchangeOnline -ConnectionUri $env:EXO_LAB_REST_URL -AccessToken 'gibberish.value' -ShowBanner:$false -InformationAction Ignore }
    Assert-True ($failure.Exception.Message.Length -gt 0) 'a sentence'
    Assert-True ($failure.Exception.Message -notlike '*gibberish*') 'the token is not shown'
}

Check 'a password is warned about, because the service retires it' {
    $said = Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL } 3>&1
    Assert-Like "$said" '*assword*'
    Disconnect-Lab
}

Complete
